--- One part on its way: sent, followed to its end. A plain table that `jobs` keeps.
--
-- `state` is ready, running, done, failed or cancelled.

local need = ...
local client = need("client")
local jobs = need("jobs")
local places = need("places")
local track_name = need("track_name")

local part = {}

local SILENCE_S = 300 -- then the daemon is asked again; the same id is the same job
local ATTACHED_SILENCE_S = 20 -- who took a job up does not know whether its program still runs
local LOWEST_TEMPO, HIGHEST_TEMPO = 10, 960
local TRANSCRIBED_ALONE = "midi"

--- Returns whether nothing more will happen to a part.
function part.is_over(self)
  return self.state == "done" or self.state == "failed" or self.state == "cancelled"
end

--- Returns the words that have a part worked on.
function part.words(self, recipe, rate)
  local words = { "run", recipe }
  local function add(name, value)
    if value and value ~= "" then
      local text = type(value) == "number" and jobs.number_text(value) or value
      words[#words + 1] = ("--%s=%s"):format(name, text)
    end
  end
  add("id", self.id)
  add("path", self.path)
  add("start", self.start_s)
  add("length", self.length_s)
  add("position", self.start / rate)
  add("rate", rate)
  if self.tempo and self.tempo >= LOWEST_TEMPO and self.tempo <= HIGHEST_TEMPO then
    add("tempo", self.tempo)
    add("meter", self.meter)
  end
  add("track", track_name.shortened(self.track_name ~= "" and self.track_name or self.name))
  if recipe == TRANSCRIBED_ALONE then
    add("transcription", track_name.kind(self.track_name))
  end
  return words
end

local function base_of(self)
  return places.jobs() .. ("%s.%d"):format(self.id, self.asked)
end

--- Sends a part to the daemon, or asks again for what became of it; returns the call.
function part.send(self, recipe, program)
  if self.asked then
    client.forget(base_of(self))
  end
  self.asked = (self.asked or 0) + 1
  self.state = "running"
  local words = part.words(self, recipe, Session:nominal_sample_rate())
  local call = client.start(program, words, base_of(self))
  call.asked = self.asked
  return call
end

--- Takes up a part that another Lua has sent; returns the call.
function part.attach(self)
  local call = client.attach(base_of(self))
  call.asked, call.patience_s = self.asked, ATTACHED_SILENCE_S
  return call
end

--- Removes what a part's calls left.
function part.forget(self)
  if self.asked then
    client.forget(base_of(self))
  end
end

local HANDLERS = {
  queued = function(call, _, place)
    call.stage = place == "0" and "starting" or "waiting for other jobs"
  end,
  progress = function(call, fraction, stage)
    call.fraction, call.stage = tonumber(fraction), stage
  end,
  warning = function(call, _, message)
    table.insert(call.warnings, message)
  end,
  stem = function(call, stem, path)
    table.insert(call.files, { stem = stem, path = path })
  end,
  midi = function(call, stem, path, notes, _, track, role)
    table.insert(call.files, { stem = stem, path = path, is_midi = true, notes = tonumber(notes),
      track = track, role = role })
  end,
  done = function(call, manifest)
    call.told = { state = "done", manifest = manifest, files = call.files,
      warnings = call.warnings }
  end,
  failed = function(call, _, message)
    call.told = { state = "failed", fault = message }
  end,
  cancelled = function(call)
    call.told = { state = "cancelled" }
  end,
}

--- Takes an event of the daemon, as its fields.
function part.take(self, call, fields)
  call.files, call.warnings = call.files or {}, call.warnings or {}
  local handler = HANDLERS[fields[1]:match("^/bridge/job/(%w+)$")]
  if handler and fields[2] == self.id and not call.told then
    handler(call, table.unpack(fields, 3))
  end
end

--- Listens to a part's call; what ended is written into the part.
--
-- @return whether the daemon has to be asked again
function part.listen(self, call)
  for _, fields in ipairs(call:events()) do
    part.take(self, call, fields)
  end
  local fault = not call.told and call:fault()
  if fault then
    call.told = { state = "failed", fault = fault }
  end
  for name, value in pairs(call.told or {}) do
    self[name] = value
  end
  return not call.told and call:silence_s() > (call.patience_s or SILENCE_S)
end

return part
