-- @description dawbridge: run a recipe on the selected items
-- @noindex

local folder = select(2, reaper.get_action_context()):match("^.*[/\\]")
package.path = folder .. "lib/?.lua"
require("actions").run(folder, { menu = "recipes" })
