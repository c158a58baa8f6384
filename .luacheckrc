-- The scripts run in REAPER's Lua: 5.3 up to REAPER 6, 5.4 from REAPER 7.
std = "lua53"
max_line_length = 100
files["daw_scripts/reaper"] = {
  read_globals = { "reaper" },
  globals = { "gfx" },
}
-- Ardour's Lua is 5.3, without require; it runs `factory` and `signals` and reads the table `ardour`.
files["daw_scripts/ardour"] = {
  read_globals = {
    "ARDOUR", "C", "Editing", "Editor", "LuaDialog", "LuaSignal", "PBD", "Session", "Temporal",
    "ardour", os = { fields = { "forkexec" } },
  },
  globals = { "factory", "signals" },
}
-- TouchOSC's, as its scripting guide lists them; the installer writes these scripts.
files["daw_scripts/controllers/touchosc"] = {
  read_globals = { "getMillis", "sendOSC" },
  globals = { "self", "onReceiveOSC", "onValueChanged", "update" },
  max_line_length = false,
}
