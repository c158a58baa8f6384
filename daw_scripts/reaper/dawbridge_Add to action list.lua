-- @description dawbridge: put all dawbridge actions into the action list
-- @noindex

local folder = select(2, reaper.get_action_context()):match("^.*[/\\]")
local MAIN_SECTION = 0
local NOT_ACTIONS = {
  ["dawbridge_Add to action list.lua"] = true,
  ["dawbridge_Window.lua"] = true, -- the actions start it
}

reaper.defer(function() end) -- no undo step for it
local added, index = 0, 0
reaper.EnumerateFiles(folder:sub(1, -2), -1) -- forgets what it listed before
while true do
  local name = reaper.EnumerateFiles(folder:sub(1, -2), index)
  if not name then
    break
  end
  if name:match("^dawbridge_.*%.lua$") and not NOT_ACTIONS[name] then
    local command = reaper.AddRemoveReaScript(true, MAIN_SECTION, folder .. name, true)
    added = added + (command ~= 0 and 1 or 0)
  end
  index = index + 1
end
reaper.MB(
  ("%d actions are in the action list now: press ? and look for “dawbridge”."):format(added),
  "dawbridge",
  0
)
