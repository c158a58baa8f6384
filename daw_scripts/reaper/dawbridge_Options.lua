-- @description dawbridge: options
-- @noindex

local folder = select(2, reaper.get_action_context()):match("^.*[/\\]")
package.path = folder .. "lib/?.lua"
require("actions").leave_no_undo()
require("options").ask()
