-- @noindex

--- Reads JSON (RFC 8259): the manifest of a finished job.

local json = {}

local LITERALS = { ["true"] = true, ["false"] = false }
local ESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t" }

local read

local function skip(text, at)
  return text:find("[^ \t\r\n]", at) or #text + 1
end

local function unescaped(text)
  text = text:gsub("\\u([dD][89abAB]%x%x)\\u([dD][c-fC-F]%x%x)", function(high, low)
    local code = (tonumber(high, 16) - 0xD800 << 10) + tonumber(low, 16) - 0xDC00 + 0x10000
    return utf8.char(code)
  end)
  return (text:gsub("\\(.)(%x?%x?%x?%x?)", function(mark, digits)
    if mark == "u" then
      return utf8.char(tonumber(digits, 16))
    end
    return (ESCAPES[mark] or mark) .. digits
  end))
end

local function read_string(text, at)
  local last = at + 1
  while true do
    last = text:find('["\\]', last) or error("a text does not end")
    if text:byte(last) == 34 then
      return unescaped(text:sub(at + 1, last - 1)), last + 1
    end
    last = last + 2
  end
end

local function read_items(text, at, closing, take)
  at = skip(text, at + 1)
  while text:sub(at, at) ~= closing do
    at = skip(text, take(at))
    local mark = text:sub(at, at)
    if mark == "," then
      at = skip(text, at + 1)
    elseif mark ~= closing then
      error("a list does not end")
    end
  end
  return at + 1
end

function read(text, at)
  at = skip(text, at)
  local mark = text:sub(at, at)
  if mark == '"' then
    return read_string(text, at)
  elseif mark == "[" then
    local list = {}
    at = read_items(text, at, "]", function(from)
      list[#list + 1], from = read(text, from)
      return from
    end)
    return list, at
  elseif mark == "{" then
    local fields = {}
    at = read_items(text, at, "}", function(from)
      local name
      name, from = read_string(text, from)
      from = skip(text, from)
      fields[name], from = read(text, from + 1)
      return from
    end)
    return fields, at
  end
  local word = text:match("^[%w.+-]+", at) or error("there is no value")
  local value = LITERALS[word]
  if value == nil then
    value = tonumber(word)
  end
  return value, at + #word
end

--- Returns the value that a file holds, null as nil; or nil if it cannot be read.
function json.read(path)
  local file = io.open(path, "rb")
  if not file then
    return nil
  end
  local text = file:read("a")
  file:close()
  local ok, value = pcall(read, text, 1)
  return ok and value or nil
end

return json
