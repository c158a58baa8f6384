--- What is selected, as parts: a region each, or the stretch of each track below a range.

local need = ...
local api = need("api")

local selection = {}

local NOTHING = "Nothing is selected. Select audio regions, or a range on audio tracks, then press "
  .. "again."
local MIDI = "“%s” is a MIDI region; only audio can be worked on. Record or bounce it to audio "
  .. "first, then press again."

--- Returns the audio track whose playlist a region lies on, and its route.
local function track_of(region)
  local wanted = api.id(region)
  for route in Session:get_tracks():iter() do
    local track = route:to_track()
    if not track:isnil() and not track:to_audio_track():isnil() then
      for one in track:playlist():region_list():iter() do
        if api.id(one) == wanted then
          return track, route
        end
      end
    end
  end
  return nil
end

local function part(route, name, start, length)
  local tempo, meter = api.tempo(start)
  return {
    track = api.id(route),
    track_name = route:name(),
    name = name,
    start = start,
    length = length,
    tempo = tempo,
    meter = meter,
  }
end

local function add_region(region, found, faults)
  if region:to_audioregion():isnil() then
    faults[#faults + 1] = MIDI:format(region:name())
    return
  end
  local track, route = track_of(region)
  if not track then
    faults[#faults + 1] = ("“%s” is on no track that plays. Select another region."):format(
      region:name())
    return
  end
  local one = part(
    route, region:name(), api.samples(region:position()), api.samples(region:length())
  )
  one.region, one.is_whole = api.id(region), true
  found[#found + 1] = { part = one, track = track, region = region }
end

--- Returns the region that holds all of a stretch of a track, if it is one alone.
local function only_region(track, from, to)
  local found
  for region in track:playlist():regions_touched(api.position(from), api.position(to - 1)):iter() do
    local start = api.samples(region:position())
    local is_holding = start <= from and start + api.samples(region:length()) >= to
    if found or not is_holding then
      return nil, true
    end
    found = region
  end
  return found, found ~= nil
end

local function add_range(route, from, to, found)
  local track = route:to_track()
  if track:isnil() or track:to_audio_track():isnil() then
    return
  end
  local region, has_any = only_region(track, from, to)
  if has_any then
    local one = part(route, region and region:name() or route:name(), from, to - from)
    if region then
      local start = api.samples(region:position())
      one.region = api.id(region)
      one.is_whole = start == from and start + api.samples(region:length()) == to
    end
    found[#found + 1] = { part = one, track = track, region = region }
  end
end

--- Returns what is selected.
--
-- @return entries of `part`, a plain table, with `track` and `region`, Ardour's own, which is nil
-- for a stretch of several regions
-- @return a sentence for each region that cannot be worked on
function selection.parts()
  local selected, found, faults = Editor:get_selection(), {}, {}
  for region in selected.regions:regionlist():iter() do
    add_region(region, found, faults)
  end
  local from, to = selected.time:start_sample(), selected.time:end_sample()
  if #found == 0 and #faults == 0 and to > from then
    for route in selected.tracks:routelist():iter() do
      add_range(route, from, to, found)
    end
    if #found == 0 then
      faults[1] = "There is no audio in the selected range. Select a range on tracks with audio in "
        .. "it, then press again."
    end
  elseif #found == 0 and #faults == 0 then
    faults[1] = NOTHING
  end
  table.sort(found, function(one, other)
    return one.part.start < other.part.start
  end)
  return found, faults
end

return selection
