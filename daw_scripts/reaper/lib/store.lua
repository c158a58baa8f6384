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

--- Writes a table; returns whether that worked.
--
-- In place: on Windows the `os` functions may not find a path with letters beyond ASCII, which
-- `io.open` does.
function store.save(path, value)
  local file = io.open(path, "wb")
  local ok = file and file:write("return ", written(value), "\n")
  return file ~= nil and file:close() and ok ~= nil
end

--- Forgets a file: empties it, so that it means nothing even where it cannot be removed.
function store.forget(path)
  local file = io.open(path, "wb")
  if file then
    file:close()
  end
  os.remove(path)
end

--- Returns the table that a file holds, or nil.
function store.read(path)
  local file = io.open(path, "rb")
  local chunk = file and load(file:read("a"), "=" .. path, "t", {})
  if file then
    file:close()
  end
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
