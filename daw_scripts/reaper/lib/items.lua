-- @noindex

--- Stems and clips as items that lie exactly where their source lies.

local midi_file = require("midi_file")

local items = {}

local SHORTEST_TICKS = 1

local function source_of(path)
  return reaper.file_exists(path) and reaper.PCM_Source_CreateFromFile(path)
    or error(("The file %s is gone."):format(path), 0)
end

-- What REAPER applies after the take's effects, and so is not in the audio that was sent.
local COPIED = { "D_VOL", "C_BEATATTACHMODE" }
local COPIED_AT_START = { "D_FADEINLEN", "D_FADEINLEN_AUTO", "C_FADEINSHAPE", "D_FADEINDIR" }
local COPIED_AT_END = { "D_FADEOUTLEN", "D_FADEOUTLEN_AUTO", "C_FADEOUTSHAPE", "D_FADEOUTDIR" }
local COPIED_OF_TAKE = { "D_PAN", "D_PANLAW" }

local function copy(names, from, to)
  for _, name in ipairs(names) do
    reaper.SetMediaItemInfo_Value(to, name, reaper.GetMediaItemInfo_Value(from, name))
  end
end

local function copy_take(from, to)
  for _, name in ipairs(COPIED_OF_TAKE) do
    reaper.SetMediaItemTakeInfo_Value(to, name, reaper.GetMediaItemTakeInfo_Value(from, name))
  end
end

local function dress(item, take, place, part)
  if not place.item then
    return
  end
  copy(COPIED, place.item, item)
  if part.is_from_start then
    copy(COPIED_AT_START, place.item, item)
  end
  if part.is_to_end then
    copy(COPIED_AT_END, place.item, item)
  end
  if place.take then
    copy_take(place.take, take)
  end
end

--- Puts an audio file on a track.
--
-- @param place where the source is now, from `project.find`
-- @param part position, length, and `lead_s`: how much earlier than the part the file begins
function items.audio(track, place, part, path, name)
  local source = source_of(path)
  local item = reaper.AddMediaItemToTrack(track)
  local take = reaper.AddTakeToMediaItem(item)
  reaper.SetMediaItemTake_Source(take, source)
  reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", name, true)
  reaper.SetMediaItemTakeInfo_Value(take, "D_STARTOFFS", part.sound.lead_s or 0)
  reaper.SetMediaItemInfo_Value(item, "D_POSITION", part.start_s)
  reaper.SetMediaItemInfo_Value(item, "D_LENGTH", part.length_s)
  reaper.SetMediaItemInfo_Value(item, "B_LOOPSRC", 0)
  dress(item, take, place, part)
  return item
end

--- Adds an audio file to an item of the source as a take; the take that plays stays the same.
function items.take(item, part, path, name)
  local source, active = source_of(path), reaper.GetActiveTake(item)
  local take = reaper.AddTakeToMediaItem(item)
  reaper.SetMediaItemTake_Source(take, source)
  reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", name, true)
  local into_s = part.start_s - reaper.GetMediaItemInfo_Value(item, "D_POSITION")
  reaper.SetMediaItemTakeInfo_Value(take, "D_STARTOFFS", (part.sound.lead_s or 0) - into_s)
  copy_take(active, take)
  reaper.SetActiveTake(active)
end

local function insert_notes(take, found, at)
  for _, note in ipairs(found.notes) do
    local start, finish = at(note.tick), at(note.end_tick)
    finish = math.max(finish, start + SHORTEST_TICKS)
    reaper.MIDI_InsertNote(
      take, false, false, start, finish, note.channel, note.pitch, note.velocity, true
    )
  end
end

--- Puts a clip on a track: notes, bends and programmes of a MIDI file.
--
-- A note's seconds become ticks by the project's own tempo map, so that it sounds when it sounded
-- in the source whatever tempi the project goes through.
function items.midi(track, part, clip)
  local found, why = midi_file.read(clip.path)
  if not found then
    error(("The file %s cannot be read: %s."):format(clip.path, why), 0)
  end
  local seconds = midi_file.clock(found, part.clip_tempo)
  local item = reaper.CreateNewMIDIItemInProj(track, part.start_s, part.end_s, false)
  reaper.SetMediaItemInfo_Value(item, "D_POSITION", part.start_s)
  reaper.SetMediaItemInfo_Value(item, "D_LENGTH", part.length_s)
  reaper.SetMediaItemInfo_Value(item, "B_LOOPSRC", 0)
  local take = reaper.GetActiveTake(item)
  reaper.GetSetMediaItemTakeInfo_String(take, "P_NAME", clip.track, true)
  local origin_s = part.start_s - (part.sound.lead_s or 0)
  local function at(tick)
    local time_s = math.min(math.max(origin_s + seconds(tick), part.start_s), part.end_s)
    return math.floor(reaper.MIDI_GetPPQPosFromProjTime(take, time_s) + 0.5)
  end
  reaper.MIDI_DisableSort(take)
  insert_notes(take, found, at)
  for _, control in ipairs(found.controls) do
    reaper.MIDI_InsertCC(
      take, false, false, at(control.tick), control.kind, control.channel, control.first,
      control.second
    )
  end
  reaper.MIDI_Sort(take)
  return item
end

return items
