-- @description dawbridge: the selected items through an effect chain
-- @noindex

local folder = select(2, reaper.get_action_context()):match("^.*[/\\]")
package.path = folder .. "lib/?.lua"
require("actions").run(folder, { menu = "chains" })
