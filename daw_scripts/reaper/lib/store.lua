-- @noindex

--- Lua tables in files of their own: requests that wait, and jobs that outlive REAPER.
--
-- ExtState takes neither line breaks nor, on every system, letters beyond ASCII; a file takes both.

local places = require("places")

local store = {}

local function number_text(number)
  if math.type(number) == "integer" then
    return ("%d"):format(number)
  end
  -- A locale may have written a comma.
  return (("%.17g"):format(number):gsub(",", "."))
end

local function written(value)
  local kind = type(value)
  if kind == "table" then
    local fields = {}
    for key, inner in pairs(value) do
      fields[#fields + 1] = ("[%s]=%s"):format(written(key), written(inner))
    end
    table.sort(fields)
    return "{" .. table.concat(fields, ",\n") .. "}"
  elseif kind == "string" then
    return ("%q"):format(value)
  elseif kind == "number" then
    return number_text(value)
  end
  return tostring(value)
end

--- Returns a number as every program reads it.
store.number_text = number_text

-- Ends what a file holds: a shorter text may have been written over a longer one.
local LAST = "\0"

local function write(file, value)
  local text = ("return %s\n%s"):format(written(value), LAST)
  file:setvbuf("full", #text) -- in one write, that no crash cuts in two
  local ok = file:write(text)
  return file:close() and ok ~= nil
end

local function contents(path)
  local file = io.open(path, "rb")
  local text = file and file:read("a")
  if file then
    file:close()
  end
  return text ~= "" and text or nil
end

--- Writes a table; returns whether that worked.
function store.save(path, value)
  local file = io.open(path, "wb")
  return file ~= nil and write(file, value)
end

--- Returns whether a file is there, and not a forgotten one.
function store.exists(path)
  local file = io.open(path, "rb")
  local found = file ~= nil and file:read(1) ~= nil
  if file then
    file:close()
  end
  return found
end

--- Writes a table over one; returns whether that was still there.
function store.update(path, value)
  local file = store.exists(path) and io.open(path, "r+b") -- makes no file
  if not file then
    return false
  end
  write(file, value)
  return true
end

--- Forgets a file: empties it, so that it means nothing even where it cannot be removed.
--
-- On Windows the `os` functions may not find a path with letters beyond ASCII, which `io.open`
-- does.
function store.forget(path)
  local file = not os.remove(path) and contents(path) and io.open(path, "wb")
  if file then
    file:close()
  end
end

--- Gives a file another name; returns false if it is not there.
--
-- Of two that move the same file at once, one succeeds.
function store.move(from, to)
  if os.rename(from, to) then
    return true
  end
  -- Either it is gone, or it cannot be renamed; see `forget`.
  local text = contents(from)
  local file = text and io.open(to, "wb")
  local ok = file and file:write(text)
  if not file or not file:close() or not ok then
    return false
  end
  store.forget(from)
  return true
end

--- Returns the table that a file holds, or nil.
function store.read(path)
  local text = contents(path)
  local chunk = text and load(text:match("^[^\0]*"), "=" .. path, "t", {})
  local ok, value = pcall(chunk or error)
  return ok and type(value) == "table" and value or nil
end

--- Returns the paths of the files whose names match a pattern, oldest first.
function store.list(pattern)
  local folder, found = places.jobs(), {}
  reaper.EnumerateFiles(folder, -1) -- forgets what it listed before
  local index = 0
  while true do
    local name = reaper.EnumerateFiles(folder, index)
    if not name then
      break
    end
    if name:find(pattern) then
      found[#found + 1] = places.join(folder, name)
    end
    index = index + 1
  end
  table.sort(found)
  return found
end

--- Returns a name that sorts by time and that no other job has.
function store.new_id()
  local guid = reaper.genGuid(""):gsub("[{}-]", ""):lower()
  return ("reaper-%s-%s"):format(os.date("!%Y%m%d%H%M%S"), guid:sub(1, 12))
end

return store
