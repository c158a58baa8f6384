-- @noindex

--- What the user chose, kept in REAPER's ExtState.

local options = {}

local SECTION = "dawbridge"

-- Order and meaning are those of the Options… dialogue.
local ROWS = {
  { name = "mute_source", caption = "Mute the source item (y/n)", default = "y" },
  { name = "mute_midi", caption = "Mute new MIDI tracks (y/n)", default = "y" },
  { name = "as_takes", caption = "Stems as takes of the item (y/n)", default = "n" },
  { name = "markers", caption = "Region around the part (y/n)", default = "n" },
  { name = "heard_tempo", caption = "Tempo markers as heard (y/n)", default = "n" },
  { name = "synth", caption = "Instrument (FX or chain)", default = "ReaSynth" },
  { name = "synths", caption = "By role: drums=…; bass=…", default = "" },
  { name = "model", caption = "Model (empty = the recipe's)", default = "" },
}

-- A persisted value that is not plain ASCII may come back changed.
local function hidden(text)
  return (text:gsub(".", function(letter)
    return ("%02x"):format(letter:byte())
  end))
end

local function shown(digits)
  return (digits:gsub("%x%x", function(pair)
    return string.char(tonumber(pair, 16))
  end))
end

local function text_of(row)
  if reaper.HasExtState(SECTION, row.name) then
    return shown(reaper.GetExtState(SECTION, row.name))
  end
  return row.default
end

--- Returns every option by its name; those that are y or n as booleans.
function options.read()
  local values = {}
  for _, row in ipairs(ROWS) do
    local text = text_of(row)
    if row.default == "y" or row.default == "n" then
      values[row.name] = text:lower():sub(1, 1) == "y"
    else
      values[row.name] = text
    end
  end
  return values
end

--- Returns the effect or chain that plays a role of `presets/instruments.toml`.
function options.synth(values, role)
  for name, effect in values.synths:gmatch("([^=;]+)=([^;]+)") do
    if name:match("^%s*(.-)%s*$") == role then
      return effect:match("^%s*(.-)%s*$")
    end
  end
  return values.synth
end

--- Lets the user change the options.
function options.ask()
  local captions, before = {}, {}
  for index, row in ipairs(ROWS) do
    captions[index], before[index] = row.caption, text_of(row)
  end
  local is_ok, after = reaper.GetUserInputs(
    "dawbridge: options",
    #ROWS,
    table.concat(captions, ",") .. ",separator=|,extrawidth=220",
    table.concat(before, "|")
  )
  if not is_ok then
    return
  end
  local index = 0
  for text in (after .. "|"):gmatch("([^|]*)|") do
    index = index + 1
    if ROWS[index] then
      reaper.SetExtState(SECTION, ROWS[index].name, hidden(text), true)
    end
  end
end

return options
