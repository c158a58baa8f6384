-- @noindex

--- Puts what came back into the project, all in one undo step.

local items = require("items")
local json = require("json")
local project = require("project")
local tracks = require("tracks")

local placing = {}

local BUILD_MISSING_PEAKS = 40047 -- the action that does so in the background

--- Returns the piece of a source item that its part covers: the item is cut where need be.
local function piece_of(entry)
  local item, part = entry.place.item, entry.part
  if part.is_whole then
    return item
  end
  local start_s = reaper.GetMediaItemInfo_Value(item, "D_POSITION")
  local end_s = start_s + reaper.GetMediaItemInfo_Value(item, "D_LENGTH")
  if part.end_s <= start_s or part.start_s >= end_s then
    return nil -- trimmed since
  end
  if part.end_s < end_s then
    reaper.SplitMediaItem(item, part.end_s)
  end
  if part.start_s > start_s then
    return reaper.SplitMediaItem(item, part.start_s)
  end
  return item
end

local TIME = 0 -- of C_BEATATTACHMODE: at its seconds, whatever the tempo

--- Lets all items stay at their seconds while tempi change; returns what lets them go again.
local function hold_items(one)
  local held = {}
  for index = 0, reaper.CountMediaItems(one) - 1 do
    local item = reaper.GetMediaItem(one, index)
    held[item] = reaper.GetMediaItemInfo_Value(item, "C_BEATATTACHMODE")
    reaper.SetMediaItemInfo_Value(item, "C_BEATATTACHMODE", TIME)
  end
  return function()
    for item, mode in pairs(held) do
      reaper.SetMediaItemInfo_Value(item, "C_BEATATTACHMODE", mode)
    end
  end
end

--- Writes the tempi that were heard, and after the part the tempo that was there before.
local function add_tempi(one, part)
  local timing = part.told and part.told.timing
  if not timing or timing.tempo_from ~= "estimated" then
    return
  end
  local numerator, denominator = timing.meter:match("^(%d+)/(%d+)$")
  local tempo_after, meter_after = project.tempo(one, part.end_s)
  local function mark(time_s, tempo, meter_top, meter_bottom)
    reaper.SetTempoTimeSigMarker(
      one, -1, time_s, -1, -1, tempo, math.tointeger(meter_top), math.tointeger(meter_bottom), false
    )
  end
  local release = hold_items(one)
  local top, bottom = meter_after:match("^(%d+)/(%d+)$")
  mark(part.end_s, tempo_after, tonumber(top), tonumber(bottom))
  mark(part.start_s, timing.tempo, tonumber(numerator), tonumber(denominator))
  for _, change in ipairs(timing.tempo_map) do
    if change.time_s > 0 and part.start_s + change.time_s < part.end_s then
      mark(part.start_s + change.time_s, change.tempo, 0, 0)
    end
  end
  reaper.UpdateTimeline()
  release()
end

--- Adds what belongs to each part by itself: takes, markers, the mute.
local function finish(one, entry, values)
  local part = entry.part
  if values.markers then
    reaper.AddProjectMarker2(one, true, part.start_s, part.end_s, part.name, -1, 0)
  end
  local is_wanted = #part.stems > 0 and (entry.as_takes or values.mute_source)
  local piece = is_wanted and entry.place.item and piece_of(entry)
  if not piece then
    return
  elseif entry.as_takes then
    for _, stem in ipairs(part.stems) do
      items.take(piece, part, stem.path, stem.stem)
    end
  else
    reaper.SetMediaItemInfo_Value(piece, "B_MUTE", 1)
  end
end

--- Reads what only the manifest tells: colours, the tempo that was heard.
local function read_manifests(parts)
  for _, part in ipairs(parts) do
    part.told = part.manifest and json.read(part.manifest)
    local timing = part.told and part.told.timing
    part.clip_tempo = part.tempo
    if not part.tempo and timing and #timing.tempo_map == 0 then
      part.clip_tempo = timing.tempo
    end
  end
end

local function place_all(one, batch, parts, values, notes)
  for _, group in ipairs(tracks.grouped(parts, batch.file, values)) do
    for _, entry in ipairs(group.entries) do
      if values.heard_tempo then
        add_tempi(one, entry.part)
      end
    end
    tracks.add(group, values, notes)
    for _, entry in ipairs(group.entries) do
      finish(one, entry, values)
    end
  end
end

--- Puts parts that are done into their project.
--
-- @param one the project
-- @param batch `label`, `file`
-- @param parts with `stems`, `clips` and where they lie
-- @param values from `options.read`
-- @return sentences for the user; nil and a fault if nothing was done
function placing.place(one, batch, parts, values)
  local notes, description = {}, "dawbridge: " .. batch.label
  local failed = description .. " (failed)"
  read_manifests(parts)
  local ok, fault = project.within(one, function()
    reaper.Undo_BeginBlock2(one)
    reaper.PreventUIRefresh(1)
    local is_done, why = pcall(place_all, one, batch, parts, values, notes)
    reaper.PreventUIRefresh(-1)
    reaper.Undo_EndBlock2(one, is_done and description or failed, -1)
    if not is_done then
      if reaper.Undo_CanUndo2(one) == failed then
        reaper.Undo_DoUndo2(one)
      end
      error(why, 0)
    end
    reaper.UpdateArrange()
    reaper.Main_OnCommandEx(BUILD_MISSING_PEAKS, 0, one)
  end)
  return ok and notes or nil, fault
end

return placing
