-- @noindex

--- What the actions do: say what is selected, hand it to the window's script, and end.
--
-- REAPER asks what to do with a script that is started again while it runs. So only the window's
-- script goes on running; an action leaves a request for it, as often as it is pressed.

local places = require("places")
local project = require("project")
local selection = require("selection")
local store = require("store")

local actions = {}

local SECTION, TITLE, RUNNER = "dawbridge", "dawbridge", "dawbridge_Window.lua"
local ALIVE_S = 30 -- a modal dialogue may hold up deferred scripts that long
local MAIN_SECTION, OK_BUTTON = 0, 0

--- Keeps REAPER from making an undo step of the press itself, as it does for a script that defers
-- nothing.
function actions.leave_no_undo()
  reaper.defer(function() end)
end

--- Shows a sentence that the user has to see before going on.
function actions.say(sentence)
  reaper.MB(sentence, TITLE, OK_BUTTON)
end

--- Hands a request to the window's script, which is started if it does not run.
function actions.send(folder, request)
  request.id = store.new_id()
  if not store.save(places.join(places.jobs(), request.id .. ".request"), request) then
    actions.say(places.unwritable_jobs())
    return
  end
  local mail = reaper.GetExtState(SECTION, "mail")
  reaper.SetExtState(SECTION, "mail", (mail .. " " .. request.id):match("%S.*"), false)
  local alive_s = tonumber(reaper.GetExtState(SECTION, "alive"))
  local now_s = reaper.time_precise()
  if alive_s and now_s >= alive_s and now_s - alive_s < ALIVE_S then
    return
  end
  reaper.SetExtState(SECTION, "alive", store.number_text(now_s), false)
  local command = reaper.AddRemoveReaScript(true, MAIN_SECTION, folder .. RUNNER, true)
  if command == 0 then
    reaper.DeleteExtState(SECTION, "alive", false)
    actions.say(("The script %s is missing. Run `dawbridge install reaper` in a terminal, then "
      .. "press again."):format(folder .. RUNNER))
    return
  end
  reaper.Main_OnCommand(command, 0)
end

--- Sends a request that needs the program and nothing selected.
function actions.ask(folder, request)
  actions.leave_no_undo()
  local program, fault = places.program(folder)
  if not program then
    actions.say(fault)
    return
  end
  actions.send(folder, request)
end

--- Runs a recipe on what is selected.
--
-- @param request `label`, `recipe`; or `menu`, which the user chooses the recipe or chain from
function actions.run(folder, request)
  actions.leave_no_undo()
  local program, fault = places.program(folder)
  if not program then
    actions.say(fault)
    return
  end
  local one, file = project.current()
  local parts, faults = selection.parts(one)
  if #faults > 0 then
    actions.say(table.concat(faults, "\n\n"))
  end
  if parts then
    request.kind = request.menu and "menu" or "run"
    request.parts, request.file = parts, file
    actions.send(folder, request)
  end
end

return actions
