--- Loads modules, since Ardour's Lua has no `require`, and does what an action asks for.
--
-- Ardour takes a script that raises an error out of its slot, so none gets that far.

local folder, wish = ...
local loaded = {}

local function need(name)
  if loaded[name] == nil then
    loaded[name] = assert(loadfile(folder .. name .. ".lua"))(need)
  end
  return loaded[name]
end

local function guarded(run)
  local ok, fault = pcall(run)
  if not ok then
    need("window").say(("dawbridge's script for Ardour failed: %s. Run `dawbridge install ardour` "
      .. "in a terminal; if it happens again, please report it."):format(tostring(fault)))
  end
  return ok
end

if wish ~= "watch" then
  guarded(function()
    need("actions")[wish](folder)
  end)
  return nil
end

local is_inside, has_failed = false, false
return function()
  -- A window or an import runs Ardour's main loop, and with it this timer.
  if is_inside or has_failed then
    return
  end
  is_inside = true
  has_failed = not guarded(function()
    need("actions").watch(folder)
  end)
  is_inside = false
end
