-- @noindex

--- Starts the dawbridge program without waiting for it, and listens to what it writes.

local events = require("events")
local places = require("places")
local quoting = require("quoting")

local client = {}

local NO_WAIT, NO_WAIT_MINIMISED = -1, -2
local START_S = 60 -- a cold start of Python on a busy machine

local function is_windows()
  return reaper.GetOS():sub(1, 3) == "Win"
end

--- Returns the path of a shell script that may stand in a line for ExecProcess.
--
-- How ExecProcess splits its line is written nowhere but for double quotes. So the line holds no
-- more than a path between them, and the shell does the rest; a path with signs in it that may be
-- special goes to the temporary folder.
local function script_path(path)
  return path:find('["\\$`]') and os.tmpname() or path
end

local function write(path, text)
  local file = io.open(path, "wb")
  return file ~= nil and file:write(text) ~= nil and file:close()
end

--- Runs the program and does not wait; returns whether that worked, and the shell script's path.
--
-- @param call who listens, or nil
local function launch(command, base, call)
  if is_windows() then
    local line = quoting.line(command, quoting.windows)
    return reaper.ExecProcess(line, NO_WAIT_MINIMISED) ~= nil
  end
  local script = script_path(base .. ".sh")
  local text = call and quoting.script(command, script, call.log, call.ending)
    or quoting.silent_script(command, script)
  local is_started = write(script, text)
    and reaper.ExecProcess(('/bin/sh "%s"'):format(script), NO_WAIT) ~= nil
  return is_started, script
end

local function joined(program, words)
  local command = { table.unpack(program) }
  return table.move(words, 1, #words, #command + 1, command)
end

local Call = {}
Call.__index = Call

--- Starts the program and listens to it.
--
-- @param program the words that start it
-- @param words command and flags; `--events` is added
-- @param name of the files that this call leaves in the jobs' folder
-- @return the call, or nil and a sentence
function client.start(program, words, name)
  local base = places.join(places.jobs(), name)
  local call = setmetatable({
    tail = events.follow(base .. ".events"),
    log = base .. ".log",
    ending = base .. ".ending",
    started_s = reaper.time_precise(),
    files = { base .. ".events", base .. ".log", base .. ".ending" },
  }, Call)
  call:forget()
  local command = joined(program, words)
  command[#command + 1] = "--events=" .. base .. ".events"
  local is_started, script = launch(command, base, call)
  call.files[#call.files + 1] = script
  if not is_started then
    return nil, ("The program %s could not be started. Run `dawbridge install reaper` in a "
      .. "terminal, then press again."):format(program[1])
  end
  return call
end

--- Starts the program and listens to nothing.
function client.tell(program, words, name)
  launch(joined(program, words), places.join(places.jobs(), name))
end

local function exists(path)
  local file = io.open(path, "rb")
  return file ~= nil and file:close()
end

--- Returns the events that came since the last call.
function Call:events()
  self.has_ended = exists(self.ending) -- looked at first: nothing is written after it
  local found = self.tail:lines()
  if #found > 0 then
    self.heard_s = reaper.time_precise()
  end
  return found
end

--- Returns for how many seconds nothing was heard.
function Call:silence_s()
  return reaper.time_precise() - (self.heard_s or self.started_s)
end

--- Returns a sentence if the program has ended, or never began; else nil.
--
-- To be asked when `events` brought no last event.
function Call:fault()
  if self.has_ended then
    return events.ended_early(self.log)
  end
  if not self.tail.exists and self:silence_s() > START_S then
    return "dawbridge does not start. Run `dawbridge doctor` in a terminal: it says what is "
      .. "missing."
  end
  return nil
end

--- Removes what the call left.
function Call:forget()
  for _, path in ipairs(self.files) do
    os.remove(path)
  end
end

return client
