--- Puts what came back into the session, on new tracks, all in one undo step.
--
-- Adding tracks and importing files cannot be undone in Ardour; that the regions lie there can.

local need = ...
local api = need("api")
local clips = need("clips")
local colours = need("colours")
local instruments = need("instruments")

local placing = {}

local OPAQUE = 0xff

local function title(stem)
  return stem:sub(1, 1):upper() .. stem:sub(2)
end

--- Returns a name that no route has yet.
local function free(name)
  local number, wanted = 1, name
  while not Session:route_by_name(wanted):isnil() do
    number = number + 1
    wanted = ("%s %d"):format(name, number)
  end
  return wanted
end

local function paint(route, stem)
  local red, green, blue = colours.of(stem):match("^#(%x%x)(%x%x)(%x%x)$")
  local colour = tonumber(red .. green .. blue, 16) << 8 | OPAQUE
  route:presentation_info_ptr():set_color(colour)
end

--- Returns the rows that the parts of one source track need: a track each, in order.
--
-- @return rows with `stem`, `is_midi`, `role` and `entries`, each of a `part` and its `path`
local function rows_of(parts)
  local rows, by_key, stems = {}, {}, {}
  for _, part in ipairs(parts) do
    for _, file in ipairs(part.files) do
      local has_content = not file.is_midi or file.notes > 0
      local key = (file.is_midi and "midi " or "audio ") .. file.stem
      if not stems[file.stem] then
        stems[#stems + 1], stems[file.stem] = file.stem, true
      end
      if has_content then
        by_key[key] = by_key[key]
          or { stem = file.stem, is_midi = file.is_midi, role = file.role, entries = {} }
        table.insert(by_key[key].entries, { part = part, path = file.path })
      end
    end
  end
  for _, stem in ipairs(stems) do
    rows[#rows + 1] = by_key["audio " .. stem]
    rows[#rows + 1] = by_key["midi " .. stem]
  end
  return rows
end

--- Imports a row's files; their regions are on no track yet.
local function import(row)
  for _, entry in ipairs(row.entries) do
    entry.region = row.is_midi and clips.import(entry.part, entry.path) or api.import(entry.path)
    local audio = entry.region:to_audioregion()
    row.channels = math.max(row.channels or 1, not audio:isnil() and audio:n_channels() or 1)
  end
end

local function add_track(row, order, notes)
  local name = free(title(row.stem) .. (row.is_midi and " MIDI" or ""))
  if row.is_midi then
    local instrument, sentence = instruments.of(row.role, name)
    notes[#notes + 1] = sentence
    row.route = api.midi_track(name, instrument, order)
    row.route:mute_control():set_value(1, PBD.GroupControlDisposition.NoGroup)
  else
    row.route = api.audio_track(name, row.channels, order)
  end
  paint(row.route, row.stem)
end

--- Puts a row's regions on its track.
local function fill(row)
  local track = row.route:to_track()
  local playlist = track:playlist()
  playlist:to_stateful():clear_changes()
  for _, entry in ipairs(row.entries) do
    local part = entry.part
    local region = api.put(track, entry.region, part.start)
    region:set_name(("%s - %s"):format(part.name, row.stem))
    if row.is_midi then
      api.set_length(region, part.length) -- Ardour fills up the last bar
    elseif part.has_fades then
      local audio = region:to_audioregion() -- its fades are in the samples
      audio:set_fade_in_active(false)
      audio:set_fade_out_active(false)
    end
  end
  Session:add_stateful_diff_command(playlist:to_statefuldestructible())
end

--- Mutes the regions that stems were made of, where they were selected as a whole.
local function mute_sources(parts)
  for _, part in ipairs(parts) do
    local route = Session:route_by_id(PBD.ID(part.track))
    local track = not route:isnil() and route:to_track()
    local has_stems = not part.files[1].is_midi and part.is_whole
    for region in track and has_stems and track:playlist():region_list():iter() or function() end do
      if api.id(region) == part.region and not region:muted() then
        region:to_stateful():clear_changes()
        region:set_muted(true)
        Session:add_stateful_diff_command(region:to_statefuldestructible())
      end
    end
  end
end

--- Returns the place in the mixer's order after a route.
local function order_after(id)
  local route = Session:route_by_id(PBD.ID(id))
  if route:isnil() then
    return ARDOUR.PresentationInfo.max_order
  end
  return route:presentation_info_ptr():order() + 1
end

--- Says where nothing was heard.
local function note_silence(parts, notes)
  for _, part in ipairs(parts) do
    local has_content = false
    for _, file in ipairs(part.files) do
      has_content = has_content or not file.is_midi or file.notes > 0
    end
    if not has_content then
      notes[#notes + 1] = ("No notes were heard in “%s”."):format(part.name)
    end
  end
end

--- Returns the parts by the track that they came from, since their stems share tracks.
local function grouped(parts)
  local groups, by_track = {}, {}
  for _, part in ipairs(parts) do
    if #part.files > 0 then
      if not by_track[part.track] then
        by_track[part.track] = { track = part.track, parts = {} }
        groups[#groups + 1] = by_track[part.track]
      end
      table.insert(by_track[part.track].parts, part)
    end
  end
  return groups
end

--- Puts parts that are done into the session.
--
-- @param batch `label`
-- @param parts with `files` and where they lie
-- @param notes takes sentences for the musician
function placing.place(batch, parts, notes)
  local groups = grouped(parts)
  note_silence(parts, notes)
  for _, group in ipairs(groups) do
    group.rows = rows_of(group.parts)
    local order = order_after(group.track)
    for index, row in ipairs(group.rows) do
      import(row)
      add_track(row, order + index - 1, notes)
    end
  end
  Session:begin_reversible_command("dawbridge: " .. batch.label)
  local ok, fault = pcall(function()
    for _, group in ipairs(groups) do
      for _, row in ipairs(group.rows) do
        fill(row)
      end
      mute_sources(group.parts)
    end
  end)
  Session:commit_reversible_command(nil)
  if not ok then
    error(fault, 0)
  end
end

return placing
