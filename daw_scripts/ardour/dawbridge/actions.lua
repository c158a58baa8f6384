--- What the actions and the hook do.

local need = ...
local batch = need("batch")
local client = need("client")
local jobs = need("jobs")
local places = need("places")
local selection = need("selection")
local sound = need("sound")
local window = need("window")

local actions = {}

local STEP_US = 100000
local SHORT_S = 0.3 -- a reading that needs no window

local function say_all(sentences)
  if #sentences > 0 then
    window.say(table.concat(sentences, "\n\n"))
  end
end

--- Reads what is selected, under a window that can cancel it.
--
-- @return the parts that could be read; nil if it was cancelled
-- @return sentences about those that could not
local function read_all(entries, folder, id)
  local done, faults, index, reading = {}, {}, 1, nil
  local function work()
    local entry = entries[index]
    entry.part.id, entry.part.state = ("%s-%d"):format(id, index), "ready"
    reading = reading
      or sound.reading(entry.part, entry.track, entry.region, folder .. entry.part.id .. ".wav")
    local has_ended, fraction = reading:work()
    local so_far = (index - 1 + fraction) / #entries
    if has_ended then
      if reading.fault then
        faults[#faults + 1] = reading.fault
      else
        done[#done + 1] = entry.part
      end
      index, reading = index + 1, nil
    end
    return index > #entries, so_far, ("reading %s"):format(entry.part.name)
  end
  if window.follow(work, 0, SHORT_S) then
    return done, faults
  end
  if reading then
    reading:give_up()
  end
  return nil, faults
end

local function run(scripts, recipe, label)
  local program, fault = places.program(scripts)
  local folder
  if program then
    folder, fault = places.make_jobs()
  end
  if not folder then
    window.say(fault)
    return
  end
  local entries, faults = selection.parts()
  local id = jobs.new_id()
  local found, unread = nil, {}
  if #entries > 0 then
    found, unread = read_all(entries, folder, id)
  end
  if found and #found > 0 then
    local one = { id = id, recipe = recipe, label = label, parts = found }
    if jobs.keep(one) then
      batch.step(one, program)
    else
      faults[#faults + 1] = ("%s cannot be written: the disk may be full. Make room, then press "
        .. "again."):format(folder)
    end
  end
  table.move(unread, 1, #unread, #faults + 1, faults)
  say_all(faults)
end

--- Stems of what is selected.
function actions.stems(scripts)
  run(scripts, "stems", "Stems")
end

--- Stems with a clip each.
function actions.stems_and_midi(scripts)
  run(scripts, "stems-to-midi", "Stems and MIDI")
end

--- The notes of what is selected.
function actions.midi(scripts)
  run(scripts, "midi", "MIDI")
end

--- Does what is to be done for the jobs of this session, and waits for nothing.
--
-- @return whether nothing is left, how much is done, 0 to 1, and what is being done
local function advance(program)
  local sum, stage, waiting = 0, nil, 0
  for _, one in ipairs(jobs.read()) do
    if not jobs.is_claimed(one) then
      -- New tracks would be heard in a recording.
      if batch.step(one, program) and not Session:actively_recording() then
        say_all(batch.finish(one))
      else
        local fraction, text = batch.progress(one)
        sum, stage, waiting = sum + fraction, stage or text, waiting + 1
      end
    end
  end
  return waiting == 0, waiting > 0 and sum / waiting or 1, stage or ""
end

--- Shows what runs until it is finished; cancelling the window stops the jobs, if that is wanted.
function actions.collect(scripts)
  local program, fault = places.program(scripts)
  if not program then
    window.say(fault)
    return
  end
  if #jobs.read() == 0 then
    window.say("No job of this session runs or waits to be collected.")
    return
  end
  local function work()
    return advance(program)
  end
  if work() or window.follow(work, STEP_US, 0) then
    return
  end
  if window.ask("Stop the jobs too? With No they go on, and are imported when they are done.") then
    for _, one in ipairs(jobs.read()) do
      for _, part in ipairs(one.parts) do
        client.tell(program, { "cancel", part.id })
      end
      batch.forget(one)
    end
  end
end

--- The hook, once a second.
function actions.watch(scripts)
  if #jobs.read() > 0 then
    local program = places.program(scripts)
    if program then
      advance(program)
    end
  end
end

return actions
