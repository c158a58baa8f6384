-- @noindex

--- Reads standard MIDI files of type 0 and 1 (MIDI 1.0, RP-001).

local midi_file = {}

local TEMPO, TRACK_END = 0x51, 0x2F
local DEFAULT_TEMPO_US = 500000

local Reader = {}
Reader.__index = Reader

function Reader:byte()
  local byte = self.text:byte(self.at)
  self.at = self.at + 1
  return byte or error("the file ends too early")
end

--- Reads a number of seven bits a byte, the highest bit saying that more follow.
function Reader:variable()
  local value = 0
  repeat
    local byte = self:byte()
    value = value << 7 | byte & 0x7F
  until byte < 0x80
  return value
end

--- Reads what follows a status byte; returns how many data bytes a channel message has.
local function data_bytes(status)
  local kind = status & 0xF0
  return (kind == 0xC0 or kind == 0xD0) and 1 or 2
end

local function read_meta(reader, tick, found)
  local kind = reader:byte()
  local length = reader:variable()
  if kind == TEMPO then
    local tempo_us = string.unpack(">I3", reader.text, reader.at)
    found.tempos[#found.tempos + 1] = { tick = tick, quarter_s = tempo_us / 1e6 }
  end
  reader.at = reader.at + length
  return kind == TRACK_END
end

local function end_note(open, tick, channel, pitch)
  local key = channel << 7 | pitch
  local note = open[key] and table.remove(open[key], 1)
  if note then
    note.end_tick = tick
  end
end

local function read_message(reader, status, tick, found, open)
  local kind, channel = status & 0xF0, status & 0x0F
  local first = reader:byte()
  local second = data_bytes(status) == 2 and reader:byte() or 0
  if kind == 0x90 and second > 0 then
    local note = { tick = tick, channel = channel, pitch = first, velocity = second }
    found.notes[#found.notes + 1] = note
    local key = channel << 7 | first
    open[key] = open[key] or {}
    table.insert(open[key], note)
  elseif kind == 0x80 or kind == 0x90 then
    end_note(open, tick, channel, first)
  else
    found.controls[#found.controls + 1] =
      { tick = tick, kind = kind, channel = channel, first = first, second = second }
  end
end

local function read_track(text, from, found)
  local reader = setmetatable({ text = text, at = from }, Reader)
  local tick, status, open = 0, 0, {}
  while true do
    tick = tick + reader:variable()
    if text:byte(reader.at) and text:byte(reader.at) >= 0x80 then
      status = reader:byte()
    end
    if status == 0xFF then
      if read_meta(reader, tick, found) then
        break
      end
    elseif status == 0xF0 or status == 0xF7 then
      local length = reader:variable()
      reader.at = reader.at + length
    else
      read_message(reader, status, tick, found, open)
    end
  end
  for _, notes in pairs(open) do
    for _, note in ipairs(notes) do
      note.end_tick = tick
    end
  end
end

local function parse(text)
  if text:sub(1, 4) ~= "MThd" then
    error("it has no MIDI header")
  end
  local tracks, ticks, at = string.unpack(">I2I2", text, 11)
  local found = { ticks_per_quarter = ticks, notes = {}, controls = {}, tempos = {} }
  for _ = 1, tracks do
    local kind, length
    kind, length, at = string.unpack(">c4I4", text, at)
    if kind == "MTrk" then
      read_track(text, at, found)
    end
    at = at + length
  end
  table.sort(found.tempos, function(a, b)
    return a.tick < b.tick
  end)
  return found
end

--- Returns a file's notes, channel messages and tempi, all in ticks; or nil and why.
function midi_file.read(path)
  local file = io.open(path, "rb")
  if not file then
    return nil, "it is not there"
  end
  local text = file:read("a")
  file:close()
  local ok, found = pcall(parse, text)
  if not ok then
    return nil, (tostring(found):gsub("^.-:%d+: ", ""))
  end
  return found
end

--- Returns the function from ticks to seconds.
--
-- @param tempo quarter notes a minute that the ticks were counted at; nil takes the file's tempi,
-- which are rounded to microseconds a quarter note
function midi_file.clock(found, tempo)
  if tempo then
    local tick_s = 60 / tempo / found.ticks_per_quarter
    return function(tick)
      return tick * tick_s
    end
  end
  local marks, time_s, before, quarter_s = {}, 0, 0, DEFAULT_TEMPO_US / 1e6
  marks[1] = { tick = 0, time_s = 0, quarter_s = quarter_s }
  for _, mark in ipairs(found.tempos) do
    time_s = time_s + (mark.tick - before) * quarter_s / found.ticks_per_quarter
    before, quarter_s = mark.tick, mark.quarter_s
    marks[#marks + 1] = { tick = mark.tick, time_s = time_s, quarter_s = quarter_s }
  end
  return function(tick)
    local index = #marks
    while marks[index].tick > tick do
      index = index - 1
    end
    local mark = marks[index]
    return mark.time_s + (tick - mark.tick) * mark.quarter_s / found.ticks_per_quarter
  end
end

return midi_file
