-- @noindex

--- What is selected: the parts of items that an action works on.

local places = require("places")
local project = require("project")

local selection = {}

local NOTHING = "Nothing is selected. Select one or more audio items, then press again."

local function title(take, source)
  local name = reaper.GetTakeName(take)
  if name == "" then
    name = places.name(reaper.GetMediaSourceFileName(source))
  end
  return name ~= "" and places.stem(name) or "audio"
end

--- Returns the source at the root of sections and reversed sources.
function selection.root(source)
  local parent = reaper.GetMediaSourceParent(source)
  while parent do
    source, parent = parent, reaper.GetMediaSourceParent(parent)
  end
  return source
end

local function fault_of(item)
  local take = reaper.GetActiveTake(item)
  if not take then
    return "The selected item is empty. Select one with audio in it."
  end
  if reaper.TakeIsMIDI(take) then
    return ("“%s” is a MIDI item; only audio can be worked on. Render or record it first, then "
      .. "select the audio."):format(reaper.GetTakeName(take))
  end
  local source = selection.root(reaper.GetMediaItemTake_Source(take))
  local path, kind = reaper.GetMediaSourceFileName(source), reaper.GetMediaSourceType(source)
  if kind:sub(1, 7) == "OFFLINE" or (path ~= "" and not reaper.file_exists(path)) then
    return ("The media of “%s” is offline: %s. Bring it online or find the file again, then press "
      .. "again."):format(title(take, source), path)
  elseif reaper.GetMediaSourceNumChannels(source) == 0 then
    return ("“%s” has no sound: it is a picture, or its media is offline. Bring it online or "
      .. "select another item, then press again."):format(title(take, source))
  end
  return nil
end

local function part_of(item, from_s, to_s)
  local take = reaper.GetActiveTake(item)
  local track = reaper.GetMediaItemTrack(item)
  local start_s = reaper.GetMediaItemInfo_Value(item, "D_POSITION")
  local length_s = reaper.GetMediaItemInfo_Value(item, "D_LENGTH")
  local end_s = start_s + length_s
  local _, track_name = reaper.GetSetMediaTrackInfo_String(track, "P_NAME", "", false)
  local part = {
    item = project.item_guid(item),
    take = project.take_guid(take),
    track = reaper.GetTrackGUID(track),
    track_name = track_name,
    name = title(take, selection.root(reaper.GetMediaItemTake_Source(take))),
    start_s = math.max(start_s, from_s),
    end_s = math.min(end_s, to_s),
    anchor_s = project.anchor(item, take),
    is_from_start = from_s <= start_s,
    is_to_end = to_s >= end_s,
  }
  part.is_whole = part.is_from_start and part.is_to_end
  -- The item's own length: a difference of two times is not quite the same number.
  part.length_s = part.is_whole and length_s or part.end_s - part.start_s
  return part
end

--- Returns the parts of the selected items, cut to the time selection where there is one.
--
-- @return parts, in the items' order; nil if there are none
-- @return a sentence for each item that cannot be worked on
function selection.parts(one)
  local from_s, to_s = reaper.GetSet_LoopTimeRange2(one, false, false, 0, 0, false)
  local has_range = to_s > from_s
  if not has_range then
    from_s, to_s = -math.huge, math.huge
  end
  local parts, faults = {}, {}
  local count = reaper.CountSelectedMediaItems(one)
  for index = 0, count - 1 do
    local item = reaper.GetSelectedMediaItem(one, index)
    local fault = fault_of(item)
    local part = not fault and part_of(item, from_s, to_s)
    if fault then
      faults[#faults + 1] = fault
    elseif part.length_s > 0 then
      parts[#parts + 1] = part
    end
  end
  if count == 0 then
    faults[1] = NOTHING
  elseif #parts == 0 and #faults == 0 then
    faults[1] = "The time selection does not touch the selected items. Move it over them, or "
      .. "remove it, then press again."
  end
  return #parts > 0 and parts or nil, faults
end

return selection
