-- @noindex

--- Projects, tracks and items that are found again: after a tab was changed, or REAPER restarted.

local project = {}

local function open_projects()
  local found, index = {}, 0
  while true do
    local one, path = reaper.EnumProjects(index)
    if not one then
      return found
    end
    found[#found + 1] = { project = one, path = path }
    index = index + 1
  end
end

--- Returns the current project and its file; the file is "" if it was never saved.
function project.current()
  return reaper.EnumProjects(-1)
end

--- Returns an item's identity, which REAPER keeps in the project file.
function project.item_guid(item)
  local _, guid = reaper.GetSetMediaItemInfo_String(item, "GUID", "", false)
  return guid
end

--- Returns a take's identity.
function project.take_guid(take)
  local _, guid = reaper.GetSetMediaItemTakeInfo_String(take, "GUID", "", false)
  return guid
end

local function find_in(one, part)
  local place = {}
  for index = 0, reaper.CountTracks(one) - 1 do
    local track = reaper.GetTrack(one, index)
    if reaper.GetTrackGUID(track) == part.track then
      place.track, place.project = track, one
    end
    for number = 0, reaper.CountTrackMediaItems(track) - 1 do
      local item = reaper.GetTrackMediaItem(track, number)
      if project.item_guid(item) == part.item then
        place.item, place.track, place.project = item, track, one
        return place
      end
    end
  end
  return place
end

local function take_of(item, guid)
  for index = 0, reaper.CountTakes(item) - 1 do
    local take = reaper.GetTake(item, index)
    if take and project.take_guid(take) == guid then
      return take
    end
  end
  return nil
end

--- Returns where on the timeline the very beginning of a take's source would lie.
--
-- It stays when an edge of the item is trimmed, and moves with the item.
function project.anchor(item, take)
  local offset_s = reaper.GetMediaItemTakeInfo_Value(take, "D_STARTOFFS")
  local rate = reaper.GetMediaItemTakeInfo_Value(take, "D_PLAYRATE")
  return reaper.GetMediaItemInfo_Value(item, "D_POSITION") - offset_s / rate
end

--- Returns where a part is now: its project, track, item and take, as far as they still exist.
--
-- @param part from `selection.parts`
-- @param path the project's file: for a project whose track and item are gone, and for one that
-- lies in two tabs as copies, where both have the item
function project.find(part, path)
  local by_item, by_track, by_path
  for _, one in ipairs(open_projects()) do
    local place = find_in(one.project, part)
    if place.item then
      place.take = take_of(place.item, part.take)
      if one.path == path then
        return place
      end
      by_item = by_item or place
    end
    by_track = by_track or (place.track and place)
    by_path = by_path or (path ~= "" and one.path == path and { project = one.project })
  end
  return by_item or by_track or by_path or {}
end

--- Calls a function while a project's tab is the current one.
--
-- Some functions, such as the one that inserts a track, know no project but the current one.
function project.within(one, work)
  local before = reaper.EnumProjects(-1)
  if before ~= one then
    reaper.SelectProjectInstance(one)
  end
  local ok, fault = pcall(work)
  if before ~= one then
    reaper.SelectProjectInstance(before)
  end
  return ok, fault
end

local SPAN_S = 1e-3

--- Returns tempo in quarter notes a minute, and meter such as "6/8", at a time in seconds.
--
-- The tempo is measured on the tempo map: what the functions that tell it count depends on the
-- meter's denominator.
function project.tempo(one, time_s)
  local from = reaper.TimeMap2_timeToQN(one, time_s)
  local to = reaper.TimeMap2_timeToQN(one, time_s + SPAN_S)
  local numerator, denominator = reaper.TimeMap_GetTimeSigAtTime(one, time_s)
  -- A difference of times far down the timeline leaves noise behind the eighth digit.
  local tempo = tonumber(("%.8g"):format((to - from) / SPAN_S * 60))
  return tempo, ("%d/%d"):format(numerator, denominator)
end

return project
