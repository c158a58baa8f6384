-- @description dawbridge: the window of the other actions, which start it
-- @noindex

local folder = select(2, reaper.get_action_context()):match("^.*[/\\]")
package.path = folder .. "lib/?.lua"
require("session").run(folder)
