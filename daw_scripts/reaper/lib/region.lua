-- @noindex

--- Which audio a part of an item plays: a stretch of its file where that is exact, else a bounce.

local region = {}

-- What REAPER decodes to the very samples of the file; what other decoders give may be shifted.
local LOSSLESS = { WAVE = true, AIFF = true, FLAC = true }

local TOLERANCE_SAMPLES = 1e-3
local DOWNMIX_MODE, FIRST_STEREO_MODE = 2, 67 -- I_CHANMODE: above the first, one channel is left
local MOST_CHANNELS = 8
local DEFAULT_RATE = 44100

local function value(take, name)
  return reaper.GetMediaItemTakeInfo_Value(take, name)
end

--- Returns why a take does not play its source as it is, or nil.
local function change(item, take)
  local pitch_envelope = reaper.GetTakeEnvelopeByName(take, "Pitch")
  if value(take, "D_PLAYRATE") ~= 1 then
    return "play rate"
  elseif value(take, "D_PITCH") ~= 0 or pitch_envelope then
    return "pitch"
  elseif reaper.GetTakeNumStretchMarkers(take) > 0 then
    return "stretch markers"
  elseif reaper.GetMediaItemInfo_Value(item, "C_AUTOSTRETCH") == 1 then
    return "stretch at tempo changes"
  elseif value(take, "D_VOL") ~= 1 then
    return "take volume"
  elseif value(take, "I_CHANMODE") ~= 0 then
    return "channel mode"
  end
  return nil
end

--- Follows sections down to the file; returns the file's source and the stretch's start in it.
local function file_of(source, start_s, length_s)
  while true do
    local kind = reaper.GetMediaSourceType(source)
    local source_s, is_in_quarters = reaper.GetMediaSourceLength(source)
    local slack_s = TOLERANCE_SAMPLES / math.max(1, reaper.GetMediaSourceSampleRate(source))
    if is_in_quarters or start_s < -slack_s or start_s + length_s > source_s + slack_s then
      return nil, "loop or silence beyond the source"
    end
    if LOSSLESS[kind] then
      return source, math.max(0, start_s)
    end
    local is_section, offset_s, _, is_reversed = reaper.PCM_Source_GetSectionInfo(source)
    local parent = reaper.GetMediaSourceParent(source)
    if not is_section or not parent then
      return nil, kind
    elseif is_reversed then
      return nil, "reverse"
    end
    source, start_s = parent, start_s + offset_s
  end
end

local function channels_of(take, source)
  local mode = value(take, "I_CHANMODE")
  if mode >= FIRST_STEREO_MODE then
    return 2
  elseif mode >= DOWNMIX_MODE then
    return 1
  end
  return math.min(math.max(1, reaper.GetMediaSourceNumChannels(source)), MOST_CHANNELS)
end

local function rate_of(one, source)
  local rate = reaper.GetMediaSourceSampleRate(source)
  if rate <= 0 then
    rate = reaper.GetSetProjectInfo(one, "PROJECT_SRATE", 0, false)
  end
  return math.floor(rate > 0 and rate or DEFAULT_RATE)
end

--- Returns what a part plays.
--
-- A stretch of the file begins with the sample that sounds at the part's start, or the one before
-- where the start lies between two: `lead_s` is how much earlier that sample is.
--
-- @return a table with `path`, `start_s`, `length_s` and `lead_s`; or one with `why`, `rate`,
-- `channels`, `frames`, `gain` and `from_s`, seconds from the item's start, for a bounce
function region.of(one, part, item, take)
  local from_s = part.start_s - reaper.GetMediaItemInfo_Value(item, "D_POSITION")
  local length_s = part.length_s
  local source = reaper.GetMediaItemTake_Source(take)
  local why, file, start_s = change(item, take), nil, nil
  if not why then
    file, start_s = file_of(source, value(take, "D_STARTOFFS") + from_s, length_s)
    why = not file and start_s
  end
  if why then
    local rate = rate_of(one, source)
    return {
      why = why,
      rate = rate,
      channels = channels_of(take, source),
      frames = math.max(1, math.ceil(length_s * rate - TOLERANCE_SAMPLES)),
      gain = value(take, "D_VOL"),
      from_s = from_s,
    }
  end
  local rate = reaper.GetMediaSourceSampleRate(file)
  local first = math.floor(start_s * rate + TOLERANCE_SAMPLES)
  local last = math.ceil((start_s + length_s) * rate - TOLERANCE_SAMPLES)
  return {
    path = reaper.GetMediaSourceFileName(file),
    start_s = first / rate,
    length_s = math.max(1, last - first) / rate,
    lead_s = math.max(0, start_s - first / rate),
  }
end

return region
