--- The jobs of a session, in a file of its own beside the session: they outlive Ardour.
--
-- Actions and the hook each have a Lua of their own; the file is all that they share. Ardour runs
-- them in one thread, so a read and a write that no window comes between belong together.

local need = ...
local places = need("places")

local jobs = {}

local NAME = "jobs.txt"
local PLACING_S = 600 -- an import that takes longer was cut off with Ardour

local function written(value)
  if type(value) == "table" then
    local fields = {}
    for key, inner in pairs(value) do
      fields[#fields + 1] = ("[%s]=%s"):format(written(key), written(inner))
    end
    table.sort(fields)
    return "{" .. table.concat(fields, ",\n") .. "}"
  elseif type(value) == "string" then
    return ("%q"):format(value)
  elseif math.type(value) == "float" then
    return (("%.17g"):format(value):gsub(",", ".")) -- a locale may have written a comma
  end
  return tostring(value)
end

--- Returns a number as every program reads it.
jobs.number_text = written

--- Returns the batches of this session, oldest first.
function jobs.read()
  local file = io.open(places.jobs() .. NAME, "rb")
  if not file then
    return {}
  end
  local chunk = load(file:read("a"), "=" .. NAME, "t", {})
  file:close()
  local ok, batches = pcall(chunk or error)
  return ok and type(batches) == "table" and batches or {}
end

local function write(batches)
  local path = places.jobs() .. NAME
  if #batches == 0 then
    os.remove(path)
    return true
  end
  local file = io.open(path .. ".new", "wb")
  local ok = file and file:write("return ", written(batches), "\n")
  if file then
    ok = file:close() and ok
  end
  if places.is_windows then
    os.remove(path) -- there, a file cannot take the name of another
  end
  return ok and os.rename(path .. ".new", path)
end

--- Keeps a batch: adds it, or writes it in the place of what was kept under its id.
--
-- @return whether that worked
function jobs.keep(batch)
  local batches, is_there = jobs.read(), false
  for index, one in ipairs(batches) do
    if one.id == batch.id then
      batches[index], is_there = batch, true
    end
  end
  if not is_there then
    batches[#batches + 1] = batch
  end
  return write(batches)
end

--- Returns whether somebody is importing a batch right now.
function jobs.is_claimed(batch)
  return batch.placing_s ~= nil and os.time() - batch.placing_s < PLACING_S
end

--- Claims a batch for who imports it; returns whether it was still there, and nobody else's.
function jobs.claim(batch)
  for _, one in ipairs(jobs.read()) do
    if one.id == batch.id and not jobs.is_claimed(one) then
      batch.placing_s = os.time()
      jobs.keep(batch)
      return true
    end
  end
  return false
end

--- Takes a batch out; returns whether it was there.
function jobs.forget(id)
  local batches = jobs.read()
  for index, one in ipairs(batches) do
    if one.id == id then
      table.remove(batches, index)
      return write(batches)
    end
  end
  return false
end

--- Returns a name that sorts by time and that no other job has.
function jobs.new_id()
  local place = tostring({}):match("%x+$")
  return ("ardour-%s-%s%x"):format(os.date("!%Y%m%d%H%M%S"), place, math.floor(os.clock() * 1e6))
end

return jobs
