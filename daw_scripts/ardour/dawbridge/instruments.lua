--- The plugin that plays a MIDI track: the first that is installed, by the stem's role.

local instruments = {}

local LV2 = "LV2"
local GM_SYNTH = "http://gareus.org/oss/lv2/gmsynth"
local DRUM_KIT = "http://gareus.org/oss/lv2/avldrums#BlackPearl"
local REASONABLE_SYNTH = "https://community.ardour.org/node/7596" -- ships with Ardour

local WISHES = {
  drums = { DRUM_KIT, GM_SYNTH, REASONABLE_SYNTH },
  default = { GM_SYNTH, REASONABLE_SYNTH },
}

--- Returns the plugin of a role as `ARDOUR.PluginInfo`; nil if none is installed.
function instruments.of(role)
  for _, name in ipairs(WISHES[role] or WISHES.default) do
    local plugin = ARDOUR.LuaAPI.new_plugin_info(name, ARDOUR.PluginType[LV2])
    if plugin and not plugin:isnil() then
      return plugin
    end
  end
  return nil
end

return instruments
