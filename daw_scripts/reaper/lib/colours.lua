-- @noindex

--- Colours of stems: those of `presets/instruments.toml`, which a test compares.

local colours = {}

local BY_STEM = {
  drums = "#d9683c",
  bass = "#8c5bd6",
  vocals = "#3f9ed8",
  other = "#57b36a",
  guitar = "#c9a23b",
  piano = "#5fb8ae",
  rest = "#8a8f98",
  mix = "#a7adb5",
}
local DEFAULT = "#8a8f98"
local CUSTOM = 0x1000000 -- the bit that says that a track has a colour

--- Returns a stem's colour as `#rrggbb`.
function colours.of(stem)
  return BY_STEM[stem] or DEFAULT
end

--- Gives a track a colour, written as `#rrggbb`.
function colours.paint(track, colour)
  local red, green, blue = colour:match("^#(%x%x)(%x%x)(%x%x)$")
  local native =
    reaper.ColorToNative(tonumber(red, 16), tonumber(green, 16), tonumber(blue, 16))
  reaper.SetTrackColor(track, native | CUSTOM)
end

return colours
