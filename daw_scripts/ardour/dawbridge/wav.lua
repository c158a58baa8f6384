--- WAV files: what their header says, and writing them block by block, as 32-bit floats.

local wav = {}

local MOST_BYTES = 2 ^ 31 - 4096
local BYTES = 4
local FORMAT_FLOAT = 3
local PACKED = 128 -- samples a call of string.pack

--- Returns a file's channels and sample rate; nil if it is no WAV.
function wav.head(path)
  local file = io.open(path, "rb")
  local text = file and file:read(4096) or ""
  if file then
    file:close()
  end
  local form = text:sub(1, 4)
  local at = text:find("fmt ", 13, true)
  if (form ~= "RIFF" and form ~= "RF64") or text:sub(9, 12) ~= "WAVE" or not at or at + 16 > #text
  then
    return nil
  end
  local channels, rate = string.unpack("<I2I4", text, at + 10)
  return channels, rate
end

local Writer = {}
Writer.__index = Writer

--- Begins a file of 32-bit floats; returns a writer, or nil if it cannot be written or is too long.
function wav.create(path, channels, rate, frames)
  local data = frames * channels * BYTES
  local file = data <= MOST_BYTES and io.open(path, "wb")
  if not file then
    return nil
  end
  local format = string.pack(
    "<I2I2I4I4I2I2I2", FORMAT_FLOAT, channels, rate, rate * channels * BYTES, channels * BYTES,
    8 * BYTES, 0
  )
  local chunks = string.pack("<c4s4c4I4I4c4I4", "fmt ", format, "fact", 4, frames, "data", data)
  local head = string.pack("<c4I4c4", "RIFF", 4 + #chunks + data, "WAVE") .. chunks
  return setmetatable({ file = file, is_good = file:write(head) ~= nil }, Writer)
end

--- Writes a block.
--
-- @param block a list of samples for each channel
function Writer:write(block)
  local channels, texts = #block, {}
  local frames = PACKED // channels
  for first = 1, #block[1], frames do
    local last = math.min(first + frames - 1, #block[1])
    local samples = {}
    for channel, list in ipairs(block) do
      for index = first, last do
        samples[(index - first) * channels + channel] = list[index]
      end
    end
    local count = (last - first + 1) * channels
    texts[#texts + 1] = string.pack("<" .. ("f"):rep(count), table.unpack(samples, 1, count))
  end
  self.is_good = self.is_good and self.file:write(table.concat(texts)) ~= nil
end

--- Closes the file; returns whether all of it was written.
function Writer:close()
  return self.file:close() == true and self.is_good
end

return wav
