--- The tracks that results lie on: a folder for each source track, a track for each stem.

local colours = require("colours")
local items = require("items")
local options = require("options")
local project = require("project")

local tracks = {}

local FOLDER_OPENS, FOLDER_CLOSES = 1, -1
local ALWAYS_ADD = -1

local function title(stem)
  return stem:sub(1, 1):upper() .. stem:sub(2)
end

local function new_track(index, name, colour)
  reaper.InsertTrackAtIndex(index, true)
  local track = reaper.GetTrack(0, index)
  reaper.GetSetMediaTrackInfo_String(track, "P_NAME", name, true)
  if colour then
    colours.paint(track, colour)
  end
  return track
end

--- Gives what goes to the mix the source track's volume and pan, so that the balance stays.
local function level(track, source)
  for _, name in ipairs(source and { "D_VOL", "D_PAN" } or {}) do
    reaper.SetMediaTrackInfo_Value(track, name, reaper.GetMediaTrackInfo_Value(source, name))
  end
end

--- Returns the parts by the track that they came from, since their stems share tracks.
--
-- @return groups with `name`, `source` (the track, if it is still there) and `entries`, each of a
-- `part` and its `place`
function tracks.grouped(parts, file)
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
    table.insert(group.entries, { part = part, place = place })
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
local function files_of(group, list, stem, as_takes)
  local files = {}
  for _, entry in ipairs(group.entries) do
    for _, file in ipairs(entry.part[list]) do
      local is_take = list == "stems" and as_takes and entry.place.item
      if file.stem == stem and not is_take then
        files[#files + 1] = { entry = entry, file = file }
      end
    end
  end
  return files
end

--- Returns the tracks that a group needs: for each stem its audio and, below it, its clips.
local function rows_of(group, values)
  local rows = {}
  for _, stem in ipairs(stems_of(group)) do
    for _, list in ipairs({ "stems", "clips" }) do
      local files = files_of(group, list, stem, values.as_takes)
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

--- Adds a group's tracks below their source, in the current project; a single one has no folder.
--
-- @param notes takes sentences for the user
function tracks.add(group, values, notes)
  local rows = rows_of(group, values)
  local index = reaper.CountTracks(0)
  if group.source then
    index = math.floor(reaper.GetMediaTrackInfo_Value(group.source, "IP_TRACKNUMBER"))
  end
  local is_alone = #rows == 1
  if #rows > 1 then
    local folder = new_track(index, group.name)
    reaper.SetMediaTrackInfo_Value(folder, "I_FOLDERDEPTH", FOLDER_OPENS)
    level(folder, group.source)
    index = index + 1
  end
  for number, row in ipairs(rows) do
    local track = new_track(index, name_of(row, is_alone), colour_of(row))
    if number == #rows and not is_alone then
      reaper.SetMediaTrackInfo_Value(track, "I_FOLDERDEPTH", FOLDER_CLOSES)
    elseif is_alone then
      level(track, group.source)
    end
    fill(track, row, values, notes)
    index = index + 1
  end
end

return tracks
