--- Clips made ready for Ardour: standard MIDI files (RP-001) of one track, in the session's time.
--
-- Ardour makes a region of every track of a file, also of the one that holds but the tempo. And a
-- clip is written at one tempo, while Ardour plays it at the session's, whatever that is at each
-- moment: where the tempo changes below a part, ticks are counted anew, so that notes keep their
-- seconds.

local need = ...
local api = need("api")
local places = need("places")

local clips = {}

local TOLERANCE_QUARTERS = 1 / 960
local PROBES = 64 -- places in a part where its tempo is looked at
local NOTE_ON = 0x90

local function read_number(text, at)
  local value = 0
  repeat
    local byte = text:byte(at)
    value, at = value << 7 | byte & 0x7f, at + 1
  until byte < 0x80
  return value, at
end

local function number_bytes(value)
  local text = string.char(value & 0x7f)
  while value > 0x7f do
    value = value >> 7
    text = string.char(value & 0x7f | 0x80) .. text
  end
  return text
end

--- Returns where an event ends, and the running status after it.
local function event_end(text, at, status)
  local byte = text:byte(at)
  if byte == 0xff or byte == 0xf0 or byte == 0xf7 then
    local length, from = read_number(text, at + (byte == 0xff and 2 or 1))
    return from + length, status
  end
  if byte >= 0x80 then
    status, at = byte, at + 1
  end
  local kind = status & 0xf0
  return at + ((kind == 0xc0 or kind == 0xd0) and 1 or 2), status
end

--- Returns a track's events at other ticks, and whether there are notes among them.
local function retimed(text, clock)
  local events, at, tick, before, status, has_notes = {}, 1, 0, 0, 0, false
  while at <= #text do
    local delta, last
    delta, at = read_number(text, at)
    tick = tick + delta
    local now = math.max(before, clock(tick))
    last, status = event_end(text, at, status)
    has_notes = has_notes or status & 0xf0 == NOTE_ON
    events[#events + 1] = number_bytes(now - before) .. text:sub(at, last - 1)
    at, before = last, now
  end
  return table.concat(events), has_notes
end

--- Returns a file of the one track that has notes.
--
-- @param text a standard MIDI file
-- @param clock from the ticks in it to those wanted
function clips.single(text, clock)
  local _, body, at = string.unpack(">c4s4", text)
  local ticks = string.unpack(">I2", body, 5)
  while at <= #text do
    local kind
    kind, body, at = string.unpack(">c4s4", text, at)
    local events, has_notes
    if kind == "MTrk" then
      events, has_notes = retimed(body, clock)
    end
    if has_notes then
      return string.pack(">c4I4I2I2I2c4s4", "MThd", 6, 0, 1, ticks, "MTrk", events)
    end
  end
  error("the clip has no notes", 0)
end

--- Returns whether a part's tempo stays the same all through it, as far as Ardour tells.
local function is_steady(part, rate)
  local base = api.quarters(part.start)
  for probe = 1, base and part.tempo and PROBES or 0 do
    local samples = part.length * probe // PROBES
    local expected = samples / rate * part.tempo / 60
    local quarters = api.quarters(part.start + samples) - base
    if math.abs(quarters - expected) > TOLERANCE_QUARTERS then
      return false
    end
  end
  return true
end

local function same(tick)
  return tick
end

--- Returns the function from a clip's ticks to those of the session's tempo map.
local function clock_of(part, ticks)
  local rate = Session:nominal_sample_rate()
  if is_steady(part, rate) then
    return same
  end
  local base = api.quarters(part.start)
  return function(tick)
    local samples = tick / ticks * 60 / part.tempo * rate
    local quarters = api.quarters(part.start + math.floor(samples + 0.5)) - base
    return math.floor(quarters * ticks + 0.5)
  end
end

--- Imports a clip; returns its region, which is on no track yet.
--
-- @param part that it was heard in
-- @param path of the file that the daemon wrote
function clips.import(part, path)
  local file = assert(io.open(path, "rb"))
  local text = file:read("a")
  file:close()
  local clock = clock_of(part, (string.unpack(">I2", text, 13)))
  local target = places.jobs() .. path:match("[^/\\]*$")
  file = assert(io.open(target, "wb"))
  file:write(clips.single(text, clock))
  file:close()
  local ok, region = pcall(api.import, target)
  os.remove(target)
  if not ok then
    error(region, 0)
  end
  return region
end

return clips
