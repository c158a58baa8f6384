--- Which audio a part plays: a stretch of its file where that is exact, else a file of its own.
--
-- Nearly nothing tells a script what Ardour does to a region: no length of a fade, no envelope's
-- points. So what the region's track plays is compared with what the region's file holds. They are
-- the same unless fades, gain, an envelope, polarity or another region are in the way.

local need = ...
local api = need("api")
local wav = need("wav")

local sound = {}

local BLOCK = 65536 -- frames
-- Every region of Ardour has fades of 64 samples that no one asked for; new regions get them too.
local DECLICK = 64
local AUDIBLE = 1e-6 -- -120 dBFS; Ardour computes in 32-bit floats

local function buffer()
  return ARDOUR.DSP.DspShm(BLOCK)
end

--- Returns the function that reads what a track plays, before its processors.
local function heard(track)
  local playlist = track:playlist():to_audioplaylist()
  local mix, gain = buffer(), buffer()
  return function(target, from, frames, channel)
    playlist:read(
      target:to_float(0), mix:to_float(0), gain:to_float(0), api.position(from),
      api.length(frames), channel
    )
  end
end

--- Returns the function that reads what a region's files hold, in samples of the session.
local function stored(region)
  local readable = region:to_audioregion():to_readable()
  local position = api.samples(region:position())
  return function(target, from, frames, channel)
    readable:read(target:to_float(0), from - position, frames, channel)
  end
end

--- Returns how many channels a part has.
local function channels_of(part, track, region)
  if region then
    return region:to_audioregion():n_channels()
  end
  local most = 1
  local from, to = api.position(part.start), api.position(part.start + part.length)
  for one in track:playlist():regions_touched(from, to):iter() do
    local audio = one:to_audioregion()
    most = math.max(most, not audio:isnil() and audio:n_channels() or 1)
  end
  return most
end

--- Returns the file that holds a region's channels and no others, and where the part starts in it.
local function file_of(part, region, channels)
  local audio, path = region:to_audioregion(), nil
  for channel = 0, channels - 1 do
    local source = audio:source(channel):to_filesource()
    if source:isnil() or (path and path ~= source:path()) or source:channel() ~= channel then
      return nil
    end
    path = source:path()
  end
  local in_file, rate = wav.head(path)
  if in_file ~= channels or rate ~= Session:nominal_sample_rate() then
    return nil
  end
  return path, api.samples(region:start()) + part.start - api.samples(region:position())
end

--- Returns the largest difference of two buffers, where it counts.
local function difference(one, other, frames, skipped)
  if skipped >= frames then
    return 0
  end
  local left, count = one:to_float(skipped), frames - skipped
  ARDOUR.DSP.mix_buffers_with_gain(left, other:to_float(skipped), count, -1)
  return ARDOUR.DSP.compute_peak(left, count, 0)
end

local Reading = {}
Reading.__index = Reading

--- Prepares to read a part.
--
-- @param part `start`, `length`, `is_whole`
-- @param track the track it is on
-- @param region the one region that the part is in; nil for a stretch of the track
-- @param path where a file is written if need be
function sound.reading(part, track, region, path)
  local self = setmetatable({
    part = part,
    track = track,
    region = region,
    path = path,
    channels = channels_of(part, track, region),
    done = 0,
    step = region and Reading.compare or Reading.bounce,
    is_muted = region and region:muted(),
  }, Reading)
  self.read = heard(track)
  return self
end

--- Returns the next block: its first frame and its length.
function Reading:block()
  return self.part.start + self.done, math.min(BLOCK, self.part.length - self.done)
end

--- Compares a block of what is heard with what is stored.
function Reading:compare()
  local from, frames = self:block()
  local has_edges = self.part.is_whole
  local skipped = has_edges and self.done == 0 and DECLICK or 0
  local is_last = self.done + frames == self.part.length
  local compared = has_edges and is_last and math.max(0, frames - DECLICK) or frames
  local one, other = buffer(), buffer()
  local read_stored = stored(self.region)
  for channel = 0, self.channels - 1 do
    self.read(one, from, frames, channel)
    read_stored(other, from, frames, channel)
    self.is_changed = self.is_changed or difference(one, other, compared, skipped) > AUDIBLE
  end
  self.done = self.done + frames
  if self.is_changed or is_last then
    self.done, self.step = 0, Reading.bounce
  end
end

--- Ends with a stretch of the file where that holds the part as it is.
function Reading:take_file()
  if not self.region or self.is_changed then
    return false
  end
  local path, first = file_of(self.part, self.region, self.channels)
  if path then
    local rate = Session:nominal_sample_rate()
    self.part.path, self.part.start_s = path, first / rate
    self.part.length_s = self.part.length / rate
  end
  return path ~= nil
end

function Reading:begin()
  if self.region and not self.is_changed then
    self.read = stored(self.region)
  end
  local rate = Session:nominal_sample_rate()
  self.writer = wav.create(self.path, self.channels, rate, self.part.length)
  self.part.path, self.part.start_s = self.path, 0
  self.part.length_s = self.part.length / rate
  self.part.has_fades = self.is_changed or not self.region
end

--- Writes a block of the part.
function Reading:bounce()
  if self.done == 0 then
    if self:take_file() then
      self.has_ended = true
      return
    end
    self:begin()
    if not self.writer then
      self.has_ended = true
      self.fault = ("%s cannot be written, or is longer than the 2 GB of a WAV file. Make room, or "
        .. "select less, then press again."):format(self.path)
      return
    end
  end
  local from, frames = self:block()
  local target, block = buffer(), {}
  for channel = 0, self.channels - 1 do
    self.read(target, from, frames, channel)
    block[channel + 1] = target:to_float(0):get_table(frames)
    self.is_heard = self.is_heard or ARDOUR.DSP.compute_peak(target:to_float(0), frames, 0) > 0
  end
  self.writer:write(block)
  self.done = self.done + frames
  if self.done == self.part.length then
    self:finish()
  end
end

function Reading:finish()
  self.has_ended = true
  if not self.writer:close() then
    self.fault = ("%s could not be written: the disk may be full. Make room, then press "
      .. "again."):format(self.path)
  elseif not self.is_heard then
    self.fault = ("“%s” is silent where it was selected. Select what sounds, then press "
      .. "again."):format(self.part.name)
  end
end

--- Works on one block; returns whether the part is read, and how much of it is, 0 to 1.
function Reading:work()
  -- A region that an earlier press muted is still what was selected.
  if self.is_muted then
    self.region:set_muted(false)
  end
  local ok, fault = pcall(self.step, self)
  if self.is_muted then
    self.region:set_muted(true)
  end
  if not ok then
    error(fault, 0)
  end
  return self.has_ended, self.done / self.part.length
end

--- Leaves nothing half-written behind.
function Reading:give_up()
  if self.writer then
    self.writer:close()
    os.remove(self.path)
  end
end

return sound
