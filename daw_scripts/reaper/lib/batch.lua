-- @noindex

--- All parts that one press of a button began; what came of them is placed in one undo step.

local claims = require("claims")
local client = require("client")
local options = require("options")
local parts = require("part")
local places = require("places")
local placing = require("placing")
local project = require("project")

local batch = {}

local AT_ONCE = 2 -- clients: the daemon's queue never runs dry, and none has to hold many programs
local GIVE_UP_S = 20 -- to wait for the daemon's word that a cancelled job has ended
local UNHEARD_S = 60 -- … for its word that it has the job at all: the program may be starting
local TAKEN = "“%s” was collected by another REAPER."

local Batch = {}
Batch.__index = Batch

--- Begins a batch.
--
-- @param request what an action sent: `label`, `recipe`, `chain`, `file`, `parts`
-- @return the batch, or nil and a sentence
function batch.new(request, program)
  local record = {
    id = request.id,
    label = request.label,
    recipe = request.recipe,
    chain = request.chain,
    file = request.file,
    parts = request.parts,
    values = options.read(),
  }
  for index, part in ipairs(record.parts) do
    part.id, part.state = ("%s-%d"):format(request.id, index), "new"
  end
  if not claims.create(record) then
    return nil, places.unwritable_jobs()
  end
  return batch.resume(record, program)
end

--- Takes up a batch that was noted down: unsent parts are read, sent ones are asked for.
function batch.resume(record, program)
  local self = setmetatable({ record = record, program = program, calls = {} }, Batch)
  for _, part in ipairs(record.parts) do
    part.told_s = nil
    if part.state == "running" or part.state == "done" then
      part.state, part.progress = "ready", nil
    elseif part.state == "reading" then
      part.state = "new"
    end
  end
  local place = project.find(record.parts[1], record.file)
  self.project = place.project
  self:keep()
  return self
end

--- Writes the batch down, so that it can be collected after a restart.
function Batch:keep()
  self.is_lost = not claims.keep(self.record)
end

local function count(self, state)
  local number = 0
  for _, part in ipairs(self.record.parts) do
    number = number + (part.state == state and 1 or 0)
  end
  return number
end

function Batch:begin(part)
  local one = parts.prepare(part, self.record)
  self.reading = one and { part = part, bounce = one }
  self:keep()
end

function Batch:send(part)
  self.calls[part] = parts.send(part, self.record, self.program)
  self:keep()
end

function Batch:tell_cancelled(part)
  client.tell(self.program, { "cancel", part.id }, part.id .. ".cancel")
end

function Batch:listen(part)
  local call = self.calls[part]
  local now_s = reaper.time_precise()
  local is_late = self.cancelled_s and now_s - self.cancelled_s > UNHEARD_S
  if self.cancelled_s and not part.told_s and (part.is_accepted or is_late) then
    part.told_s = now_s
    self:tell_cancelled(part)
  end
  local again = parts.listen(part, call, self.record, self.program)
  if again then
    self.calls[part] = again
  elseif part.told_s and now_s - part.told_s > GIVE_UP_S then
    part.state = "cancelled"
  end
  if again or parts.is_over(part) then
    call:forget()
    self:keep()
  end
end

--- Does a little work; returns whether all parts are over, or the batch is another's.
function Batch:step(deadline_s)
  if self.is_lost or not claims.holds(self.record) then
    self.is_lost = true
    return true
  end
  local is_over = true
  for _, part in ipairs(self.record.parts) do
    if part.state == "new" and not self.reading then
      self:begin(part)
    end
    if part.state == "reading" and self.reading and self.reading.part == part then
      if parts.read(part, self.reading.bounce, deadline_s) then
        self.reading = nil
        self:keep()
      end
    elseif part.state == "ready" and count(self, "running") < AT_ONCE then
      self:send(part)
    elseif part.state == "running" then
      self:listen(part)
    end
    is_over = is_over and parts.is_over(part)
  end
  return is_over
end

--- Stops everything that is not done.
function Batch:cancel()
  if self.cancelled_s then
    return
  end
  self.cancelled_s = reaper.time_precise()
  for _, part in ipairs(self.record.parts) do
    if part.state == "reading" then
      self.reading.bounce:fail("")
      self.reading = nil
    end
    if not parts.is_over(part) and part.state ~= "running" then
      part.state = "cancelled"
      if part.is_accepted then
        self:tell_cancelled(part)
      end
    end
  end
end

--- Returns how much is done, 0 to 1; what is being done; and seconds left, if that is known.
function Batch:progress()
  local sum, stage, left_s = 0, nil, nil
  for _, part in ipairs(self.record.parts) do
    sum = sum + (parts.is_over(part) and 1 or part.progress or 0)
    if part.state == "reading" then
      stage = stage or "reading the item"
    elseif part.state == "running" and not stage then
      stage, left_s = part.stage, part.left_s
    end
  end
  return sum / #self.record.parts, self.cancelled_s and "cancelling" or stage or "", left_s
end

local function is_open(one)
  return one and reaper.ValidatePtr(one, "ReaProject*")
end

--- Returns the parts that are done, and what the user should know of all.
function Batch:outcome()
  local done, notes = {}, {}
  for _, part in ipairs(self.record.parts) do
    if part.state == "done" then
      done[#done + 1] = part
      notes[#notes + 1] = part.remark
      for _, warning in ipairs(part.warnings) do
        notes[#notes + 1] = warning
      end
    elseif part.state == "failed" then
      notes[#notes + 1] = part.fault
    end
  end
  return done, notes
end

--- Puts parts that are done into the project; returns sentences for the user.
function Batch:place(done)
  local place = project.find(done[1], self.record.file)
  local one = place.project or is_open(self.project) and self.project
  if not one then
    claims.free(self.record.id)
    return { ("“%s” is ready, but its project is closed. Open the project, then run the action "
      .. "Collect finished jobs."):format(self.record.label) }
  elseif not claims.begin_placing(self.record) then
    return { TAKEN:format(self.record.label) }
  end
  local told, fault = placing.place(one, self.record, done, self.record.values)
  if told then
    claims.forget(self.record.id)
    return told
  end
  claims.free(self.record.id)
  return { ("The results could not be put into the project: %s They are in %s."):format(
    fault, done[1].output) }
end

--- Closes what is open, without a word to anybody.
function Batch:close()
  if self.reading then
    self.reading.bounce:close()
    self.reading = nil
  end
end

--- Ends the batch, in the project if anything is done.
--
-- @return sentences for the user, an empty list if all went well
function Batch:finish()
  self:close()
  if self.is_lost then
    return { TAKEN:format(self.record.label) }
  end
  local done, notes = self:outcome()
  if #done == 0 then
    claims.forget(self.record.id)
    return notes
  end
  local told = self:place(done)
  return table.move(told, 1, #told, #notes + 1, notes)
end

return batch
