-- @description dawbridge: MIDI of the selected items, nothing separated
-- @noindex

local folder = select(2, reaper.get_action_context()):match("^.*[/\\]")
package.path = folder .. "lib/?.lua"
require("actions").run(folder, { recipe = "midi", label = "MIDI of selected item" })
