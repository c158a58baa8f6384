-- @noindex

--- Who works on which batch, where several REAPERs share one resource folder.
--
-- A batch lies in a file whose name tells who holds it: `ID.batch` nobody, `ID.OWNER.held` a
-- running script, `ID.OWNER.placing` one that is about to change a project. Taking a batch renames
-- its file: of two that try, the system lets one succeed. A script that holds batches beats: it
-- goes on writing a number into `OWNER.beat`. Who collects takes over what is held by nobody, or by
-- an owner whose beat stands still, so that a crash loses nothing; and an owner that only slept
-- finds its file gone, and lets go.

local places = require("places")
local store = require("store")

local claims = {}

local BEAT_S = 1
local STILL_S = { held = 5, placing = 120 } -- a project may take long to change, without a beat
local owner, beats, beaten_s = nil, 0, nil

local function path_of(name)
  return places.join(places.jobs(), name)
end

local function name_of(id, state)
  return path_of(state == "batch" and id .. ".batch" or ("%s.%s.%s"):format(id, owner, state))
end

local function beat_file(who)
  return path_of(who .. ".beat")
end

--- Begins to beat, under a name that no other script has.
function claims.open()
  owner, beats, beaten_s = store.new_id():match("%w+$"), 0, nil
  claims.beat()
end

--- Tells the others that this script runs; to be called at every tick.
function claims.beat()
  local now_s = reaper.time_precise()
  if not beaten_s or now_s - beaten_s >= BEAT_S then
    beats, beaten_s = beats + 1, now_s
    local beat = { beats = beats }
    -- Written over, so that nobody finds an empty file; made anew if somebody removed it.
    local _ = store.update(beat_file(owner), beat) or store.save(beat_file(owner), beat)
  end
end

--- Stops to beat, and gives up what is still held.
function claims.close()
  for _, path in ipairs(store.list(("%%.%s%%.held$"):format(owner))) do
    claims.free(places.name(path):match("^(.-)%."))
  end
  store.forget(beat_file(owner))
end

--- Notes a new batch, held from its beginning; returns whether that worked.
function claims.create(record)
  return store.save(name_of(record.id, "held"), record)
end

--- Returns whether a batch is still held.
function claims.holds(record)
  return store.exists(name_of(record.id, "held"))
end

--- Notes a batch that is held; returns whether it still is.
function claims.keep(record)
  return store.update(name_of(record.id, "held"), record)
end

--- Says that the project is about to change; returns whether the batch was still held.
function claims.begin_placing(record)
  return store.move(name_of(record.id, "held"), name_of(record.id, "placing"))
end

--- Lets go of a batch, so that anybody may collect it.
function claims.free(id)
  local free = name_of(id, "batch")
  local _ = store.move(name_of(id, "held"), free) or store.move(name_of(id, "placing"), free)
end

--- Removes a batch that is over, and all that its programs left.
function claims.forget(id)
  for _, path in ipairs(store.list("^" .. id:gsub("%-", "%%-"))) do
    store.forget(path)
  end
end

local function beat_of(who)
  return store.read(beat_file(who))
end

--- Returns the batches that this script does not hold, each as `path`, `id`, and, for one that
-- another holds, its `owner` and what is known of that one's beat.
function claims.others()
  local found = {}
  for _, path in ipairs(store.list("%.batch$")) do
    found[#found + 1] = { path = path, id = places.name(path):match("^(.-)%.") }
  end
  for state, still_s in pairs(STILL_S) do
    for _, path in ipairs(store.list("%." .. state .. "$")) do
      local id, who = places.name(path):match("^(.-)%.(%w+)%.")
      if who and who ~= owner then
        found[#found + 1] = { path = path, id = id, owner = who, beat = beat_of(who),
          since_s = reaper.time_precise(), still_s = still_s }
      end
    end
  end
  return found
end

--- Returns whether the owner of one of `others` is gone: true, false, or nil while that is unsure.
function claims.is_free(other)
  if not other.owner or not other.beat then
    return true
  end
  local beat = beat_of(other.owner)
  if beat and beat.beats ~= other.beat.beats then
    return false
  elseif not beat or reaper.time_precise() - other.since_s >= other.still_s then
    store.forget(beat_file(other.owner))
    return true
  end
  return nil
end

--- Takes one of `others`; returns its record, or nil if somebody else was quicker.
function claims.take(other)
  local path = name_of(other.id, "held")
  if not store.move(other.path, path) then
    return nil
  end
  local record = store.read(path)
  if not record then
    store.forget(path) -- nothing can be made of it
  end
  return record
end

return claims
