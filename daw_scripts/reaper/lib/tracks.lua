-- @noindex

--- The tracks that results lie on: a folder for each source track, a track for each stem.

local colours = require("colours")
local items = require("items")
local options = require("options")
local project = require("project")

local tracks = {}

local FOLDER_OPENS, FOLDER_CLOSES = 1, -1
local ALWAYS_ADD = -1
local LEVELS = { "D_VOL", "D_PAN", "D_WIDTH", "D_DUALPANL", "D_DUALPANR", "I_PANMODE", "D_PANLAW",
  "B_PHASE" }

local function title(stem)
  return stem:sub(1, 1):upper() .. stem:sub(2)
end

local function new_track(index, name, colour)
  reaper.InsertTrackAtIndex(index, false) -- without the effects of the user's default track
  local track = reaper.GetTrack(0, index)
  reaper.GetSetMediaTrackInfo_String(track, "P_NAME", name, true)
  if colour then
    colours.paint(track, colour)
  end
  return track
end

local function depth_of(track)
  return track and math.floor(reaper.GetMediaTrackInfo_Value(track, "I_FOLDERDEPTH")) or 0
end

local function set_depth(track, depth)
  reaper.SetMediaTrackInfo_Value(track, "I_FOLDERDEPTH", depth)
end

--- Gives what goes to the mix the source track's volume and pan, so that the balance stays.
local function level(track, source)
  if not source or depth_of(source) == FOLDER_OPENS then
    return -- below a folder's track, that one's own volume and pan come after
  end
  for _, name in ipairs(LEVELS) do
    reaper.SetMediaTrackInfo_Value(track, name, reaper.GetMediaTrackInfo_Value(source, name))
  end
end

--- Follows a part's item, which may have been moved while the job ran.
local function follow(part, place)
  local now_s = place.take and project.anchor(place.item, place.take)
  if now_s and part.anchor_s and now_s ~= part.anchor_s then
    local moved_s = now_s - part.anchor_s
    part.start_s, part.end_s = part.start_s + moved_s, part.end_s + moved_s
  end
end

--- Returns the parts by the track that they came from, since their stems share tracks.
--
-- @return groups with `name`, `source` (the track, if it is still there) and `entries`, each of a
-- `part`, its `place`, and whether its stems become takes
function tracks.grouped(parts, file, values)
  local groups, by_track = {}, {}
  for _, part in ipairs(parts) do
    local place = project.find(part, file)
    local group = by_track[part.track]
    if not group then
      group = { name = part.name, source = place.track, entries = {} }
      by_track[part.track] = group
      groups[#groups + 1] = group
    elseif part.track_name ~= "" then
      group.name = part.track_name
    end
    follow(part, place)
    local as_takes = values.as_takes and place.item ~= nil
    table.insert(group.entries, { part = part, place = place, as_takes = as_takes })
  end
  return groups
end

--- Returns the names of a group's stems, in the order in which they came.
local function stems_of(group)
  local names, seen = {}, {}
  for _, entry in ipairs(group.entries) do
    for _, list in ipairs({ entry.part.stems, entry.part.clips }) do
      for _, file in ipairs(list) do
        if not seen[file.stem] then
          seen[file.stem] = true
          names[#names + 1] = file.stem
        end
      end
    end
  end
  return names
end

--- Returns the files of one kind and stem with the entries that they belong to.
local function files_of(group, list, stem)
  local files = {}
  for _, entry in ipairs(group.entries) do
    for _, file in ipairs(entry.part[list]) do
      if file.stem == stem and not (list == "stems" and entry.as_takes) then
        files[#files + 1] = { entry = entry, file = file }
      end
    end
  end
  return files
end

--- Returns the tracks that a group needs: for each stem its audio and, below it, its clips.
local function rows_of(group)
  local rows = {}
  for _, stem in ipairs(stems_of(group)) do
    for _, list in ipairs({ "stems", "clips" }) do
      local files = files_of(group, list, stem)
      if #files > 0 then
        rows[#rows + 1] = { is_midi = list == "clips", stem = stem, files = files }
      end
    end
  end
  return rows
end

--- Returns a row's colour; the manifest has that of the user's own instruments.
local function colour_of(row)
  local told = row.is_midi and row.files[1].entry.part.told
  for _, clip in ipairs(told and told.clips or {}) do
    if clip.stem == row.stem and clip.color then
      return clip.color
    end
  end
  return colours.of(row.stem)
end

local function name_of(row, is_alone)
  local first = row.files[1]
  if not is_alone then
    return title(row.stem) .. (row.is_midi and " MIDI" or "")
  elseif row.is_midi then
    return first.file.track
  end
  return ("%s %s"):format(first.entry.part.name, row.stem)
end

local function add_synth(track, values, role, notes)
  local wish = options.synth(values, role)
  if reaper.TrackFX_AddByName(track, wish, false, ALWAYS_ADD) < 0 then
    notes[#notes + 1] = ("There is no effect or chain “%s”, so the MIDI track has none. Choose "
      .. "another with the action Options."):format(wish)
  end
end

local function fill(track, row, values, notes)
  for _, each in ipairs(row.files) do
    local part = each.entry.part
    if row.is_midi then
      items.midi(track, part, each.file)
    else
      local name = ("%s - %s"):format(part.name, row.stem)
      items.audio(track, each.entry.place, part, each.file.path, name)
    end
  end
  if row.is_midi then
    add_synth(track, values, row.files[1].file.role, notes)
    reaper.SetMediaTrackInfo_Value(track, "B_MUTE", values.mute_midi and 1 or 0)
  end
end

--- Makes room below a source track, in the same folder.
--
-- @return the place of the next track, and how many folders the last new one closes, negative
local function below(source, is_needed)
  if not source then
    return reaper.CountTracks(0), 0
  end
  local closed = math.min(0, depth_of(source))
  if is_needed and closed < 0 then
    set_depth(source, 0)
  end
  return math.floor(reaper.GetMediaTrackInfo_Value(source, "IP_TRACKNUMBER")), closed
end

--- Adds a group's tracks below their source, in the current project; a single one has no folder.
--
-- @param notes takes sentences for the user
function tracks.add(group, values, notes)
  local rows = rows_of(group)
  local is_alone = #rows == 1
  local index, closed = below(group.source, #rows > 0)
  if #rows > 1 then
    local folder = new_track(index, group.name)
    set_depth(folder, FOLDER_OPENS)
    level(folder, group.source)
    index = index + 1
  end
  for number, row in ipairs(rows) do
    local track = new_track(index, name_of(row, is_alone), colour_of(row))
    if number == #rows then
      set_depth(track, closed + (is_alone and 0 or FOLDER_CLOSES))
    end
    if is_alone then
      level(track, group.source)
    end
    fill(track, row, values, notes)
    index = index + 1
  end
end

return tracks
