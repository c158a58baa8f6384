ardour {
  ["type"] = "EditorAction",
  name = "Bridge: stems and MIDI",
  author = "dawbridge",
  license = "GPL-3.0-or-later",
  description = [[Separates what is selected into stems on new tracks, each with a MIDI clip.]]
}

function factory()
  return function()
    local folder = ARDOUR.user_config_directory(-1) .. "/scripts/dawbridge/"
    local start = loadfile(folder .. "start.lua")
    if start then
      start(folder, "stems_and_midi")
    else
      local sentence = "Run dawbridge install ardour in a terminal, then press again."
      local kind, button = LuaDialog.MessageType.Warning, LuaDialog.ButtonType.OK
      LuaDialog.Message("dawbridge", sentence, kind, button):run()
    end
  end
end
