--- All parts that one press of a button began; what came of them is placed at once.

local need = ...
local jobs = need("jobs")
local parts = need("part")
local placing = need("placing")

local batch = {}

local AT_ONCE = 2 -- clients: the daemon's queue never runs dry, and none has to hold many programs
local calls = {} -- by part id; what this Lua listens to

local function count(self, state)
  local number = 0
  for _, part in ipairs(self.parts) do
    number = number + (part.state == state and 1 or 0)
  end
  return number
end

--- Does what can be done without waiting; returns whether all parts are over.
function batch.step(self, program)
  local is_over, is_changed = true, false
  for _, part in ipairs(self.parts) do
    local before = part.asked
    if part.state == "ready" and count(self, "running") < AT_ONCE then
      calls[part.id] = parts.send(part, self.recipe, program)
    elseif part.state == "running" then
      local call = calls[part.id]
      if not call or call.asked ~= part.asked then
        call = parts.attach(part)
        calls[part.id] = call
      end
      if parts.listen(part, call) then
        calls[part.id] = parts.send(part, self.recipe, program)
      end
    end
    if parts.is_over(part) and calls[part.id] then
      parts.forget(part)
      calls[part.id], is_changed = nil, true
    end
    is_changed = is_changed or part.asked ~= before
    is_over = is_over and parts.is_over(part)
  end
  if is_changed then
    jobs.keep(self)
  end
  return is_over
end

--- Returns how much of a batch is done, 0 to 1, and what is being done.
function batch.progress(self)
  local sum, stage = 0, nil
  for _, part in ipairs(self.parts) do
    local call = calls[part.id]
    sum = sum + (parts.is_over(part) and 1 or call and call.fraction or 0)
    stage = stage or call and call.stage
  end
  return sum / #self.parts, ("%s: %s"):format(self.label, stage or "starting")
end

--- Puts what is done into the session.
--
-- @return sentences for the musician, an empty list if all went well
function batch.finish(self)
  local done, notes = {}, {}
  if not jobs.claim(self) then
    return notes -- another Lua did so while a window was open
  end
  for _, part in ipairs(self.parts) do
    if part.state == "done" then
      done[#done + 1] = part
      table.move(part.warnings, 1, #part.warnings, #notes + 1, notes)
    elseif part.state == "failed" then
      notes[#notes + 1] = part.fault
    end
  end
  if #done > 0 then
    local ok, fault = pcall(placing.place, self, done, notes)
    if not ok then
      notes[#notes + 1] = ("The results could not be imported: %s. Import them by hand; they are "
        .. "beside %s."):format(tostring(fault), done[1].manifest)
    end
  end
  jobs.forget(self.id)
  return notes
end

--- Forgets a batch with all that its calls left.
function batch.forget(self)
  for _, part in ipairs(self.parts) do
    parts.forget(part)
    calls[part.id] = nil
  end
  jobs.forget(self.id)
end

return batch
