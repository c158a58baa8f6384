ardour {
  ["type"] = "EditorAction",
  name = "Bridge: MIDI",
  author = "dawbridge",
  license = "GPL-3.0-or-later",
  description = [[Hears the notes of the selected regions, or range.]]
}

function factory()
  return function()
    local folder = ARDOUR.user_config_directory(-1) .. "/scripts/dawbridge/"
    local start = loadfile(folder .. "start.lua")
    if start then
      start(folder, "midi")
    else
      local sentence = "Run dawbridge install ardour in a terminal, then press again."
      local kind, button = LuaDialog.MessageType.Warning, LuaDialog.ButtonType.OK
      LuaDialog.Message("dawbridge", sentence, kind, button):run()
    end
  end
end
