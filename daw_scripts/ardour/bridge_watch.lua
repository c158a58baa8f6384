ardour {
  ["type"] = "EditorHook",
  name = "Bridge: watch",
  author = "dawbridge",
  license = "GPL-3.0-or-later",
  description = [[Imports what the actions of dawbridge asked for, as soon as it is finished.]]
}

function signals()
  local set = LuaSignal.Set()
  set:add({ [LuaSignal.LuaTimerS] = true })
  return set
end

function factory()
  local tick
  return function (signal)
    if signal ~= LuaSignal.LuaTimerS or not Session then
      return
    end
    if not tick then
      local folder = ARDOUR.user_config_directory(-1) .. "/scripts/dawbridge/"
      local start = loadfile(folder .. "start.lua")
      tick = start and start(folder, "watch") or function() end
    end
    tick()
  end
end
