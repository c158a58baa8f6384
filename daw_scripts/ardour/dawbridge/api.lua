--- What differs between Ardour 6.9, 7 and 8: times are numbers in 6, objects since 7.

local api = {}

local has_time_objects = Temporal and Temporal.timepos_t ~= nil

--- Returns a position or length as samples.
function api.samples(time)
  return type(time) == "number" and math.tointeger(time) or time:samples()
end

--- Returns a position, in samples, as Ardour takes it.
function api.position(samples)
  return has_time_objects and Temporal.timepos_t(samples) or samples
end

--- Returns a length, in samples, as Ardour takes it.
function api.length(samples)
  return has_time_objects and Temporal.timecnt_t(samples) or samples
end

--- Returns the id by which a route or region is found again.
function api.id(object)
  return object:to_stateful():id():to_s()
end

--- Returns the tempo in quarter notes a minute and the meter at a sample; nil where Ardour does not
-- tell.
function api.tempo(sample)
  local ok, tempo, meter = pcall(function()
    local at = api.position(sample)
    if Temporal and Temporal.TempoMap then
      local map = (Temporal.TempoMap.read or Temporal.TempoMap.use)()
      return map:tempo_at(at):quarter_notes_per_minute(), map:meter_at(at)
    end
    local map = Session:tempo_map()
    return map:tempo_at_sample(at):quarter_notes_per_minute(), map:meter_section_at_sample(at)
  end)
  if not ok then
    return nil
  end
  local top, bottom = meter:divisions_per_bar(), meter:note_value()
  return tempo, ("%d/%d"):format(math.floor(top), math.floor(bottom))
end

--- Returns the time of a sample in quarter notes, or nil where Ardour does not tell.
function api.quarters(sample)
  local ok, text = pcall(function()
    local map = (Temporal.TempoMap.read or Temporal.TempoMap.use)()
    return tostring(map:quarters_at_sample(sample)) -- written as quarter notes:ticks
  end)
  local whole, ticks = (ok and text or ""):match("^(-?%d+):(%d+)$")
  return whole and tonumber(whole) + tonumber(ticks) / Temporal.ticks_per_beat or nil
end

--- Imports a file; returns its region, which is on no track yet.
function api.import(path)
  local known = {}
  for _, region in ARDOUR.RegionFactory.regions():iter() do
    known[api.id(region)] = true
  end
  local files = C.StringVector()
  files:push_back(path)
  local names = ARDOUR.MidiTrackNameSource
  -- With markers or not; before that, since 7, the track to import to.
  local last = has_time_objects and { ARDOUR.Track(), false } or { false }
  Editor:do_import(
    files,
    Editing.ImportDistinctFiles,
    Editing.ImportAsRegion,
    ARDOUR.SrcQuality.SrcBest,
    names.SMFTrackName or names.SMFFileAndTrackName,
    ARDOUR.MidiTempoMapDisposition.SMFTempoIgnore,
    api.position(0),
    ARDOUR.PluginInfo(),
    table.unpack(last)
  )
  for _, region in ARDOUR.RegionFactory.regions():iter() do
    if not known[api.id(region)] then
      return region
    end
  end
  error(("Ardour did not import %s"):format(path), 0)
end

--- Sets a region's length, in samples.
function api.set_length(region, samples)
  region:set_length(api.length(samples), 0) -- 6 asks for a part of a beat, too
end

--- Puts a region on a track's playlist; returns the region there, which is a copy.
function api.put(track, region, sample)
  local playlist, known = track:playlist(), {}
  for one in playlist:region_list():iter() do
    known[api.id(one)] = true
  end
  playlist:add_region(region, api.position(sample), 1, false, 0, 0, false) -- 6 takes all seven
  for one in playlist:region_list():iter() do
    if not known[api.id(one)] then
      return one
    end
  end
  error(("Ardour did not take %s onto its track"):format(region:name()), 0)
end

local function only(routes, name)
  if routes:empty() then
    error(("Ardour did not add the track %s"):format(name), 0)
  end
  return routes:front()
end

--- Adds an audio track at a place in the mixer's order.
function api.audio_track(name, channels, order)
  return only(Session:new_audio_track(
    channels, 2, nil, 1, name, order, ARDOUR.TrackMode.Normal, true, false
  ), name)
end

--- Adds a MIDI track at a place in the mixer's order.
--
-- @param instrument that plays it, as `ARDOUR.PluginInfo`; nil for none
function api.midi_track(name, instrument, order)
  local midi = ARDOUR.ChanCount(ARDOUR.DataType("midi"), 1)
  local audio = ARDOUR.ChanCount(ARDOUR.DataType("audio"), 2)
  return only(Session:new_midi_track(
    midi, instrument and audio or midi, true, instrument or ARDOUR.PluginInfo(), nil, nil, 1, name,
    order, ARDOUR.TrackMode.Normal, true, false
  ), name)
end

return api
