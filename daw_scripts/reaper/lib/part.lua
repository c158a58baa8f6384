-- @noindex

--- One part of an item on its way: bounced if need be, sent, followed to its end.
--
-- A part is a plain table that `store` can keep. `state` is new, reading, ready, running, done,
-- failed or cancelled.

local bounce = require("bounce")
local client = require("client")
local places = require("places")
local project = require("project")
local region = require("region")
local store = require("store")
local track_name = require("track_name")

local part = {}

local READING_SHARE = 0.1 -- of the bar, for a part that is bounced
local SILENCE_S = 300 -- then the daemon is asked again; the same id is the same job
local MOST_ASKED = 3
local LOWEST_TEMPO, HIGHEST_TEMPO = 10, 960
local TRANSCRIBED_ALONE = "midi"

--- Returns whether nothing more will happen to a part.
function part.is_over(self)
  return self.state == "done" or self.state == "failed" or self.state == "cancelled"
end

local function fail(self, sentence, code)
  self.state, self.fault, self.code = "failed", sentence, code
end

--- Returns a sentence if the item sounds through what is not in the audio that is sent.
local function remark_of(self, item, take)
  local has_more = reaper.TakeFX_GetCount(take) > 0
  for _, name in ipairs({ "Volume", "Pan", "Mute" }) do
    has_more = has_more or reaper.GetTakeEnvelopeByName(take, name) ~= nil
  end
  if reaper.GetMediaItemInfo_Value(item, "B_ALLTAKESPLAY") ~= 0 then
    return ("All takes of “%s” play, but only the active one was worked on. Glue the item first if "
      .. "all are meant."):format(self.name)
  end
  return has_more and ("“%s” has take effects or take envelopes, which are not in what came back. "
    .. "Glue the item first if they matter."):format(self.name) or nil
end

--- Finds out which audio a new part plays, and how it gets to the daemon.
function part.prepare(self, batch)
  local place = project.find(self, batch.file)
  if not place.item or not place.take then
    return fail(self, ("“%s” was removed before it was read. Select it again, then press "
      .. "again."):format(self.name))
  end
  local output, fault = places.results(place.project, self.id)
  if not output then
    return fail(self, fault)
  end
  self.output = output
  self.remark = remark_of(self, place.item, place.take)
  self.sound = region.of(place.project, self, place.item, place.take)
  local tempo, meter = project.tempo(place.project, self.start_s)
  if not batch.values.heard_tempo and tempo >= LOWEST_TEMPO and tempo <= HIGHEST_TEMPO then
    self.tempo, self.meter = tempo, meter
  end
  if self.sound.path then
    self.state = "ready"
    return nil
  end
  local path = places.join(output, "source.wav")
  local reading
  reading, fault = bounce.start(place.project, place.take, self.sound, path)
  if not reading then
    return fail(self, fault)
  end
  self.state = "reading"
  return reading
end

--- Works on a bounce until a time of `time_precise`; returns whether it has ended.
function part.read(self, reading, deadline_s)
  local is_done, fault = reading:step(deadline_s)
  self.progress = reading:fraction() * READING_SHARE
  if is_done then
    local sound = self.sound
    self.sound = { path = reading.path, start_s = 0, length_s = sound.frames / sound.rate,
      lead_s = 0, why = sound.why }
    self.state = "ready"
  elseif fault then
    fail(self, fault)
  end
  return is_done ~= nil
end

local function words_of(self, batch)
  local words = { "run", batch.recipe }
  local function add(name, value)
    if value and value ~= "" then
      local text = type(value) == "number" and store.number_text(value) or value
      words[#words + 1] = ("--%s=%s"):format(name, text)
    end
  end
  local name = self.track_name ~= "" and self.track_name or self.name
  add("id", self.id)
  add("path", self.sound.path)
  add("start", self.sound.start_s)
  add("length", self.sound.length_s)
  add("position", math.max(0, self.start_s - self.sound.lead_s))
  add("tempo", self.tempo)
  add("meter", self.meter)
  add("track", track_name.shortened(name))
  add("output", self.output)
  add("model", batch.values.model)
  add("pre", batch.chain)
  if batch.recipe == TRANSCRIBED_ALONE then
    add("transcription", track_name.kind(self.track_name))
  end
  return words
end

--- Sends a part to the daemon, or asks again for what became of it; returns the call.
function part.send(self, batch, program)
  self.asked = (self.asked or 0) + 1
  self.stems, self.clips, self.warnings = {}, {}, {}
  local name = ("%s.%d"):format(self.id, self.asked)
  local call, fault = client.start(program, words_of(self, batch), name)
  if not call then
    return fail(self, fault)
  end
  self.state, self.stage = "running", "starting"
  return call
end

local HANDLERS = {
  queued = function(self, _, place)
    self.is_accepted = true
    self.stage = place == "0" and "starting" or "waiting for other jobs"
  end,
  progress = function(self, fraction, stage, left_s)
    self.stage, self.left_s = stage, tonumber(left_s)
    local base = self.sound.why and READING_SHARE or 0
    self.progress = math.max(self.progress or 0, base + (1 - base) * (tonumber(fraction) or 0))
  end,
  warning = function(self, _, message)
    table.insert(self.warnings, message)
  end,
  stem = function(self, stem, path, seconds, rate)
    table.insert(self.stems,
      { stem = stem, path = path, seconds = tonumber(seconds), rate = tonumber(rate) })
  end,
  midi = function(self, stem, path, notes, _, track, role)
    table.insert(self.clips,
      { stem = stem, path = path, notes = tonumber(notes), track = track, role = role })
  end,
  done = function(self, manifest)
    self.state, self.manifest, self.progress = "done", manifest, 1
  end,
  failed = function(self, code, message)
    fail(self, message, code)
  end,
  cancelled = function(self)
    self.state = "cancelled"
  end,
}

--- Takes an event of the daemon, as its fields.
function part.take(self, fields)
  local handler = HANDLERS[fields[1]:match("^/bridge/job/(%w+)$")]
  if handler and fields[2] == self.id and not part.is_over(self) then
    handler(self, table.unpack(fields, 3))
  end
end

--- Listens to a part's call; returns a new call if the daemon was asked again.
function part.listen(self, call, batch, program)
  for _, fields in ipairs(call:events()) do
    part.take(self, fields)
  end
  if part.is_over(self) then
    return nil
  end
  local fault = call:fault()
  if fault then
    fail(self, fault)
  elseif call:silence_s() > SILENCE_S and self.asked < MOST_ASKED then
    return part.send(self, batch, program)
  end
  return nil
end

return part
