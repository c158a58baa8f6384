-- @noindex

--- What a track's name tells the daemon. Knows nothing of REAPER: Ardour's scripts have it too.

local track_name = {}

local MOST_BYTES = 200

-- What a track's name says about the instrument on it; a bass drum is a drum.
local KINDS = {
  { "drum", "drums" },
  { "bass", "bass" },
  { "voc", "vocals" },
  { "vox", "vocals" },
  { "voice", "vocals" },
}

--- Returns the stem that a name speaks of; nil if it speaks of none.
function track_name.kind(name)
  for _, row in ipairs(KINDS) do
    if name:lower():find(row[1], 1, true) then
      return row[2]
    end
  end
  return nil
end

--- Returns a name that is no longer than the daemon takes, cut between two characters.
function track_name.shortened(name)
  while #name > MOST_BYTES do
    name = name:sub(1, (utf8.offset(name, -1) or #name) - 1)
  end
  return name
end

return track_name
