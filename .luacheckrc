-- The scripts run in REAPER's Lua: 5.3 up to REAPER 6, 5.4 from REAPER 7.
std = "lua53"
max_line_length = 100
files["daw_scripts/reaper"] = {
  read_globals = { "reaper" },
  globals = { "gfx" },
}
