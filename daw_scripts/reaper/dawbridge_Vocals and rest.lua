-- @description dawbridge: the voice of the selected items, and everything else
-- @noindex

local folder = select(2, reaper.get_action_context()):match("^.*[/\\]")
package.path = folder .. "lib/?.lua"
require("actions").run(folder, { recipe = "vocals", label = "Vocals and rest" })
