--- The plugin that plays a MIDI track: the first that is installed of those chosen for its role.

local need = ...
local wishes = need("wishes") -- what `instruments.toml` says; the installer writes it

local instruments = {}

local OWN = "ACE Reasonable Synth" -- ships with Ardour
local TYPES = { "LV2", "VST3", "AudioUnit", "Windows_VST", "LXVST", "MacVST", "Lua" }

--- Returns a plugin by its name or URI, as `ARDOUR.PluginInfo`; nil if it is not installed.
local function installed(name)
  for _, kind in ipairs(TYPES) do
    local number = ARDOUR.PluginType[kind] -- 6 and 7 know other types than 8
    local plugin = number and ARDOUR.LuaAPI.new_plugin_info(name, number)
    if plugin and not plugin:isnil() then
      return plugin
    end
  end
  return nil
end

--- Returns the plugin of a role, as `ARDOUR.PluginInfo`, or nil where there is none.
--
-- @param role of a table in `instruments.toml`
-- @param track that it plays, by name
-- @return also a sentence, if it is none of those that were chosen
function instruments.of(role, track)
  local wanted = wishes[role] or wishes.default or {}
  for _, name in ipairs(wanted) do
    local plugin = installed(name)
    if plugin then
      return plugin
    end
  end
  local plugin = installed(OWN)
  if not plugin then
    return nil, ("No instrument is installed that could play “%s”, so its track has none. Add one "
      .. "in the mixer."):format(track)
  end
  return plugin, #wanted > 0 and ("Ardour does not find %s, so “%s” is played by %s. Install it, "
    .. "or choose another in instruments.toml, then run `dawbridge install ardour`."):format(
    table.concat(wanted, " or "), track, OWN) or nil
end

return instruments
