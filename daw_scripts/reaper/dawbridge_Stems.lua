-- @description dawbridge: stems and MIDI of the selected items
-- @version 0.1.0
-- @author dawbridge
-- @about
--   # Stems and MIDI of the selected items
--
--   Separates the selected items, or the time selection across them, into stems, hears their notes,
--   and puts everything in its place. The work is done by the program dawbridge, which must be
--   installed on this computer: run `dawbridge install reaper` in a terminal once.
-- @provides
--   [main] .
--   [main] dawbridge_Cancel.lua
--   [main] dawbridge_Collect finished jobs.lua
--   [main] dawbridge_MIDI of selected item.lua
--   [main] dawbridge_Options.lua
--   [main] dawbridge_Run recipe.lua
--   [main] dawbridge_Status.lua
--   [main] dawbridge_Stems and MIDI.lua
--   [main] dawbridge_Through a chain.lua
--   [main] dawbridge_Vocals and rest.lua
--   [nomain] dawbridge_Window.lua
--   [nomain] lib/*.lua

local folder = select(2, reaper.get_action_context()):match("^.*[/\\]")
package.path = folder .. "lib/?.lua"
require("actions").run(folder, { recipe = "stems", label = "Stems" })
