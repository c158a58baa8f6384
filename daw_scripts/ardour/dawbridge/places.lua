--- Where things lie: the program, and the folder of a session's jobs.

local need = ...
local quoting = need("quoting")

local places = {}

local SEPARATOR = ARDOUR.LuaAPI.build_filename("a", "b"):sub(2, 2)

places.is_windows = SEPARATOR == "\\"

--- Joins the parts of a path.
function places.join(...)
  return table.concat({ ... }, SEPARATOR)
end

local function exists(path)
  local file = io.open(path, "rb")
  return file ~= nil and file:close()
end

--- Returns the words that start the program, or nil and a sentence.
--
-- The installer writes them into `program.txt`, one a line, beside the scripts.
function places.program(scripts)
  if not os.forkexec then
    return nil, "Ardour does not let scripts start programs. Switch off Preferences > Scripting > "
      .. "Sandbox all Lua scripts, restart Ardour, then press again."
  end
  local words = {}
  local file = io.open(scripts .. "program.txt", "r")
  for line in file and file:lines() or function() end do
    words[#words + 1] = line ~= "" and line or nil
  end
  if file then
    file:close()
  end
  if #words == 0 then
    return nil, "Ardour does not know yet where dawbridge is. Open a terminal and run `dawbridge "
      .. "install ardour`, then press again."
  end
  if not exists(words[1]) then
    return nil, ("dawbridge is not at %s any more. Install it again, run `dawbridge install "
      .. "ardour` in a terminal, then press again."):format(words[1])
  end
  return words
end

--- Returns the folder of this session's jobs, with its separator; it need not exist.
function places.jobs()
  local path = Session:path()
  return path .. (path:sub(-1) == SEPARATOR and "" or SEPARATOR) .. "dawbridge" .. SEPARATOR
end

--- Returns the same folder, which exists afterwards; or nil and a sentence.
function places.make_jobs()
  local folder = places.jobs()
  local probe = folder .. ".writable"
  local file = io.open(probe, "wb")
  if not file then
    local quote = places.is_windows and quoting.windows or quoting.posix
    os.execute("mkdir " .. quote(folder:sub(1, -2)))
    file = io.open(probe, "wb")
  end
  if not file then
    return nil, ("The folder %s cannot be written. Make the session's folder writable, then press "
      .. "again."):format(folder)
  end
  file:close()
  os.remove(probe)
  return folder
end

return places
