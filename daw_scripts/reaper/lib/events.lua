-- @noindex

--- The client's events file, read as it grows.

local events = {}

local ESCAPES = { t = "\t", n = "\n", r = "\r", ["\\"] = "\\" }

--- Returns a line's address and arguments.
function events.fields(line)
  local fields = {}
  for field in (line .. "\t"):gmatch("([^\t]*)\t") do
    fields[#fields + 1] = field:gsub("\\(.)", ESCAPES)
  end
  return fields
end

--- Returns a sentence for a program that ended before its last event, with its log's last line.
function events.ended_early(log)
  local file = io.open(log, "r")
  local last = "it said nothing"
  for line in file and file:lines() or function() end do
    last = line:match("%S") and line or last
  end
  if file then
    file:close()
  end
  return ("dawbridge ended before its work was done: %s. Run `dawbridge doctor` in a "
    .. "terminal."):format((last:gsub("%.$", "")))
end

local Tail = {}
Tail.__index = Tail

--- Follows a file from its beginning; it need not exist yet.
function events.follow(path)
  return setmetatable({ path = path, offset = 0 }, Tail)
end

--- Returns the lines that were completed since the last call, each as its fields.
function Tail:lines()
  local found = {}
  local file = io.open(self.path, "rb")
  if not file then
    return found
  end
  self.exists = true
  file:seek("set", self.offset)
  local text = file:read("a") or ""
  file:close()
  for line in text:gmatch("([^\n]*)\n") do
    self.offset = self.offset + #line + 1
    found[#found + 1] = events.fields(line)
  end
  return found
end

return events
