-- @noindex

--- Writes what a take plays into a WAV file, a few milliseconds of work at a time.
--
-- REAPER's audio accessor gives the take before its effects, with play rate, pitch, stretch
-- markers, loops, sections and channel mode applied, and without its volume: `gain` adds that.

local bounce = {}

local BLOCK = 4096 -- frames
local PACKED = 128 -- samples a call of string.pack
local MOST_BYTES = 2 ^ 31 - 4096
local BYTES = 4
local FORMAT_FLOAT = 3
local DISK_FULL = "The item could not be written beside the project: the disk may be full. Make "
  .. "room, then press again."

local Bounce = {}
Bounce.__index = Bounce

local function head(channels, rate, frames)
  local data = frames * channels * BYTES
  local format = string.pack(
    "<I2I2I4I4I2I2I2", FORMAT_FLOAT, channels, rate, rate * channels * BYTES, channels * BYTES,
    8 * BYTES, 0
  )
  local chunks = string.pack("<c4s4c4I4I4c4I4", "fmt ", format, "fact", 4, frames, "data", data)
  return string.pack("<c4I4c4", "RIFF", 4 + #chunks + data, "WAVE") .. chunks
end

--- Begins a file.
--
-- @param one the take's project
-- @param take whose audio
-- @param sound from `region.of`
-- @param path of the file
-- @return the bounce, or nil and a sentence
function bounce.start(one, take, sound, path)
  if sound.frames * sound.channels * BYTES > MOST_BYTES then
    return nil, "The selected part is longer than a WAV file of 2 GB can hold. Select less of it, "
      .. "or glue the item, then press again."
  end
  local accessor = reaper.CreateTakeAudioAccessor(take)
  local file = accessor and io.open(path, "wb")
  if not file then
    if accessor then
      reaper.DestroyAudioAccessor(accessor)
    end
    return nil, ("The file %s cannot be written. Choose another folder in the project's settings, "
      .. "page Media, then press again."):format(path)
  end
  reaper.AudioAccessorValidateState(accessor) -- changes count from here on
  local self = setmetatable({
    project = one,
    take = take,
    sound = sound,
    path = path,
    file = file,
    accessor = accessor,
    done = 0,
    buffer = reaper.new_array(BLOCK * sound.channels),
  }, Bounce)
  self.is_written = file:write(head(sound.channels, sound.rate, sound.frames))
  return self
end

local function packed(samples, count, gain)
  local texts = {}
  for first = 1, count, PACKED do
    local last = math.min(first + PACKED - 1, count)
    if gain ~= 1 then
      for index = first, last do
        samples[index] = samples[index] * gain
      end
    end
    texts[#texts + 1] =
      string.pack("<" .. ("f"):rep(last - first + 1), table.unpack(samples, first, last))
  end
  return table.concat(texts)
end

function Bounce:block()
  local sound = self.sound
  local frames = math.min(BLOCK, sound.frames - self.done)
  self.buffer.clear()
  local from_s = sound.from_s + self.done / sound.rate
  local got = reaper.GetAudioAccessorSamples(
    self.accessor, sound.rate, sound.channels, from_s, frames, self.buffer
  )
  if got < 0 then
    return "REAPER could not read the item. Glue it, select the glued item, then press again."
  end
  local count = frames * sound.channels
  local samples = self.buffer.table(1, count)
  if not self.file:write(packed(samples, count, sound.gain)) then
    return DISK_FULL
  end
  self.done = self.done + frames
  return nil
end

--- Works until a time of `time_precise`.
--
-- @return nil while there is more to do, then true; or false and a sentence
function Bounce:step(deadline_s)
  if not self.is_written then
    return self:fail(DISK_FULL)
  end
  -- The take may be gone since the last call: its track deleted, its project closed.
  if not self:is_valid() then
    return self:fail("The item was removed while it was read. Select it again, then press again.")
  end
  if reaper.AudioAccessorStateChanged(self.accessor) then
    return self:fail("The item was changed while it was read. Press again.")
  end
  while self.done < self.sound.frames do
    local fault = self:block()
    if fault then
      return self:fail(fault)
    end
    if reaper.time_precise() > deadline_s then
      return nil
    end
  end
  if not self:close() then
    return self:fail(DISK_FULL)
  end
  return true
end

--- Returns whether the take still exists.
function Bounce:is_valid()
  return reaper.ValidatePtr(self.project, "ReaProject*")
    and reaper.ValidatePtr2(self.project, self.take, "MediaItem_Take*")
end

--- Closes the file and the accessor; returns whether all of the file was written.
function Bounce:close()
  local file = self.file
  if not file then
    return false
  end
  self.file = nil
  reaper.DestroyAudioAccessor(self.accessor)
  return file:close() == true
end

--- Gives up; nothing is left behind.
function Bounce:fail(sentence)
  self:close()
  os.remove(self.path)
  return false, sentence
end

--- Returns how much is done, 0 to 1.
function Bounce:fraction()
  return self.done / self.sound.frames
end

return bounce
