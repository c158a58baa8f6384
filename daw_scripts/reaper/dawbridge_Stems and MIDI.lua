-- @description dawbridge: stems and MIDI of the selected items
-- @noindex

local folder = select(2, reaper.get_action_context()):match("^.*[/\\]")
package.path = folder .. "lib/?.lua"
require("actions").run(folder, { recipe = "stems-to-midi", label = "Stems and MIDI" })
