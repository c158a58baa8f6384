-- @noindex

--- Where things lie: the program, requests and jobs, a project's folder for results.

local places = {}

local SEPARATOR = package.config:sub(1, 1)

--- Joins the parts of a path.
function places.join(...)
  return table.concat({ ... }, SEPARATOR)
end

--- Returns a path's last part.
function places.name(path)
  return path:match("[^/\\]*$")
end

--- Returns a file's name without its suffix.
function places.stem(path)
  local name = places.name(path)
  return name:match("^(.+)%.[^.]*$") or name
end

--- Returns the folder of requests and jobs, which exists afterwards.
function places.jobs()
  local folder = places.join(reaper.GetResourcePath(), "dawbridge", "jobs")
  reaper.RecursiveCreateDirectory(folder, 0)
  return folder
end

--- Returns the sentence for a folder of jobs that takes no file.
function places.unwritable_jobs()
  return ("The folder %s cannot be written. Make it writable, then press again."):format(
    places.jobs())
end

local function lines_of(path)
  local file = io.open(path, "r")
  if not file then
    return nil
  end
  local lines = {}
  for line in file:lines() do
    line = line:gsub("\r$", "")
    if line ~= "" then
      lines[#lines + 1] = line
    end
  end
  file:close()
  return #lines > 0 and lines or nil
end

--- Returns the words that start the program, or nil and a sentence.
--
-- The installer writes them into `program.txt`, one a line, beside the scripts; copies that came
-- through ReaPack find the installer's.
function places.program(scripts)
  local installed = places.join(reaper.GetResourcePath(), "Scripts", "dawbridge", "program.txt")
  local words = lines_of(scripts .. "program.txt") or lines_of(installed)
  if not words then
    return nil, "REAPER does not know yet where dawbridge is. Open a terminal and run "
      .. "`dawbridge install reaper`, then press again."
  end
  if not reaper.file_exists(words[1]) then
    return nil, ("dawbridge is not at %s any more. Install it again, run `dawbridge install "
      .. "reaper` in a terminal, then press again."):format(words[1])
  end
  return words
end

--- Returns a new folder for a job's files beside the project's media, or nil and a sentence.
function places.results(project, job)
  local media = reaper.GetProjectPathEx(project)
  if media == "" then
    return nil, "REAPER does not say where this project's media lie. Save the project, then press "
      .. "again."
  end
  local folder = places.join(media, "dawbridge", job)
  reaper.RecursiveCreateDirectory(folder, 0)
  local probe = places.join(folder, ".writable")
  local file = io.open(probe, "wb")
  if not file then
    return nil, ("The folder %s cannot be written. Choose another one in the project's settings, "
      .. "page Media, then press again."):format(media)
  end
  file:close()
  os.remove(probe)
  return folder
end

return places
