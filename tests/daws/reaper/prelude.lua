-- The stand-in's side of Lua: handles for REAPER's objects, strict globals, arrays, gfx.
local invoke, identity, names, draw = ...

local objects, handles = setmetatable({}, { __mode = "k" }), {}
local SEALED = {
  __metatable = false,
  __index = function()
    error("REAPER's objects have no fields", 2)
  end,
  __newindex = function()
    error("REAPER's objects have no fields", 2)
  end,
}

local function handle_of(value)
  if type(value) ~= "userdata" then
    return value
  end
  local key = identity(value)
  if not handles[key] then
    local handle = {}
    objects[handle] = value
    handles[key] = setmetatable(handle, SEALED)
  end
  return handles[key]
end

local function back(...)
  local values = table.pack(...)
  for index = 1, values.n do
    values[index] = handle_of(values[index])
  end
  return table.unpack(values, 1, values.n)
end

local reaper = {}
for _, name in ipairs(names) do
  reaper[name] = function(...)
    local values = table.pack(...)
    for index = 1, values.n do
      values[index] = objects[values[index] or false] or values[index]
    end
    return back(invoke(name, values.n, table.unpack(values, 1, values.n)))
  end
end

function reaper.new_array(size)
  local data, array = {}, {}
  for index = 1, size do
    data[index] = 0.0
  end
  function array.clear()
    for index = 1, size do
      data[index] = 0.0
    end
  end
  function array.table(offset, count)
    assert(math.type(offset) == "integer" and offset + count - 1 <= size, "outside of the array")
    return table.move(data, offset, offset + count - 1, 1, {})
  end
  -- Only the stand-in calls this.
  function array.standin_fill(values)
    assert(#values <= size, "more samples than the array holds")
    table.move(values, 1, #values, 1, data)
  end
  return array
end

local gfx = { x = 0, y = 0, w = 0, h = 0, mouse_x = 0, mouse_y = 0, mouse_cap = 0, clear = 0 }
for _, name in ipairs({ "init", "quit", "getchar", "showmenu", "drawstr", "rect", "set", "setfont",
  "update" }) do
  gfx[name] = function(...)
    return draw(name, gfx, ...)
  end
end
function gfx.measurestr(text)
  return 7 * utf8.len(text)
end

local function strict(_, name)
  error("there is no global '" .. tostring(name) .. "'", 2)
end
setmetatable(gfx, { __index = strict, __newindex = strict })
setmetatable(reaper, { __index = function(_, name)
  -- A script may ask whether a function exists.
  return strict(nil, "reaper." .. name)
end, __newindex = strict })
_G.python = nil
_G.reaper, _G.gfx = reaper, gfx
setmetatable(_G, { __index = strict, __newindex = function(_, name)
  error("the global '" .. tostring(name) .. "' leaks", 2)
end })
return gfx
