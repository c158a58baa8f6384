ardour {
  ["type"] = "EditorAction",
  name = "Bridge: stems",
  author = "dawbridge",
  license = "GPL-3.0-or-later",
  description = [[Separates the selected regions, or range, into stems on new tracks.]]
}

function factory()
  return function()
    local folder = ARDOUR.user_config_directory(-1) .. "/scripts/dawbridge/"
    local start = loadfile(folder .. "start.lua")
    if start then
      start(folder, "stems")
    else
      local sentence = "Run dawbridge install ardour in a terminal, then press again."
      local kind, button = LuaDialog.MessageType.Warning, LuaDialog.ButtonType.OK
      LuaDialog.Message("dawbridge", sentence, kind, button):run()
    end
  end
end
