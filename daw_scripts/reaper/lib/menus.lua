-- @noindex

--- The menus of recipes and chains, as the daemon lists them; and its status in words.

local menus = {}

menus.recipes = {
  address = "/bridge/recipes",
  entry = "/bridge/recipe",
  empty = "dawbridge has no recipes. Run `dawbridge doctor` in a terminal.",
  request = function(request, name)
    request.recipe, request.label = name, name
    return request
  end,
}

menus.chains = {
  address = "/bridge/chains",
  entry = "/bridge/chain",
  empty = "There are no effect chains. Put one into the folder chains beside your presets.",
  request = function(request, name)
    request.recipe, request.chain, request.label = "process", name, "Through " .. name
    return request
  end,
}

-- In a menu's text these letters separate or mark entries.
local function plain(text)
  return (text:gsub("|", "/"):gsub("^[#!<>&]+", ""))
end

--- Lets the user choose; returns the entry's name, or nil.
function menus.choose(menu, answers)
  local names, texts = {}, {}
  for _, fields in ipairs(answers) do
    if fields[1] == menu.entry then
      names[#names + 1] = fields[2]
      texts[#texts + 1] = plain(("%s:  %s"):format(fields[2], fields[3]))
    end
  end
  if #names == 0 then
    reaper.MB(menu.empty, "dawbridge", 0)
    return nil
  end
  gfx.x, gfx.y = gfx.mouse_x, gfx.mouse_y
  return names[gfx.showmenu(table.concat(texts, "|"))]
end

--- Returns the daemon's status as a sentence.
function menus.status(answers)
  local values = {}
  for _, fields in ipairs(answers) do
    if fields[1] == "/bridge/status" then
      for index = 2, #fields, 2 do
        values[fields[index]] = fields[index + 1]
      end
    end
  end
  local running = values.running ~= "" and values.running or "nothing"
  return ("dawbridge %s runs. It works on %s; %s wait. Its files lie in %s."):format(
    values.version or "", running, values.waiting or "0", values.data or "")
end

return menus
