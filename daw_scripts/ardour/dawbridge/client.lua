--- Starts the dawbridge program without waiting for it, and listens to what it writes.

local need = ...
local events = need("events")
local places = need("places")
local quoting = need("quoting")

local client = {}

local function joined(program, words)
  local command = { table.unpack(program) }
  return table.move(words, 1, #words, #command + 1, command)
end

--- Returns the words that take Ardour's own libraries out of a program's way.
local function freed()
  local kept = {}
  for path in (os.getenv("LD_LIBRARY_PATH") or ""):gmatch("[^:]+") do
    if not path:lower():find("ardour", 1, true) and not path:lower():find("mixbus", 1, true) then
      kept[#kept + 1] = path
    end
  end
  local wanted = table.concat(kept, ":")
  return wanted == "" and "unset LD_LIBRARY_PATH" or "LD_LIBRARY_PATH=" .. quoting.posix(wanted)
end

--- Runs the program and does not wait.
--
-- @param base of the files `.log` and `.ending`, or nil where nobody listens
local function launch(command, base)
  if places.is_windows then
    os.forkexec(table.unpack(command))
    return
  end
  local line = freed() .. "\n"
  if base then
    line = line .. quoting.script(command, base .. ".events", base .. ".log", base .. ".ending")
  else
    line = line .. quoting.line(command, quoting.posix) .. " </dev/null >/dev/null 2>&1"
  end
  os.forkexec("/bin/sh", "-c", line)
end

local Call = {}
Call.__index = Call

--- Listens to a program that an earlier call, perhaps of another Lua, has started.
--
-- @param base where its files lie, without their suffix
function client.attach(base)
  return setmetatable({
    tail = events.follow(base .. ".events"),
    base = base,
    heard_s = os.time(),
  }, Call)
end

--- Starts the program and listens to it; `--events` is added to the words.
function client.start(program, words, base)
  client.forget(base)
  local command = joined(program, words)
  command[#command + 1] = ("--events=%s.events"):format(base)
  -- The script tells how it ended as long as the events are there: nobody else makes that file.
  local file = io.open(base .. ".events", "wb")
  if file then
    file:close()
  end
  launch(command, base)
  return client.attach(base)
end

--- Starts the program and listens to nothing.
function client.tell(program, words)
  launch(joined(program, words))
end

--- Returns the events that came since the last call, each as its fields.
function Call:events()
  local ending = io.open(self.base .. ".ending", "rb") -- looked at first: nothing comes after it
  self.has_ended = ending ~= nil and ending:close()
  local found = self.tail:lines()
  if #found > 0 then
    self.heard_s = os.time()
  end
  return found
end

--- Returns for how many seconds nothing was heard.
function Call:silence_s()
  return os.time() - self.heard_s
end

--- Returns a sentence if the program has ended; else nil. To be asked when no last event came.
function Call:fault()
  if not self.has_ended then
    return nil
  end
  return events.ended_early(self.base .. ".log")
end

--- Removes what a call left.
function client.forget(base)
  for _, suffix in ipairs({ ".events", ".log", ".ending" }) do
    os.remove(base .. suffix)
  end
end

return client
