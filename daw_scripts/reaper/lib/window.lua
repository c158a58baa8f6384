-- @noindex

--- The window with bar, stage, time left and Cancel, drawn with gfx.

local window = {}

local WIDTH, HEIGHT = 460, 150
local MARGIN, LINE, BAR = 16, 20, 14
local FONT, FONT_SIZE = "Arial", 15
local BACKGROUND = 0x26282B -- as gfx.clear counts: red + green * 256 + blue * 65536
local ESCAPE, CLOSED = 27, -1

--- Opens the window, if it is not open.
function window.open()
  if not window.is_open then
    gfx.init("dawbridge", WIDTH, HEIGHT, 0)
    gfx.setfont(1, FONT, FONT_SIZE)
    gfx.clear = BACKGROUND
    window.is_open = true
  end
end

--- Closes the window.
function window.close()
  if window.is_open then
    gfx.quit()
    window.is_open = false
  end
end

local function colour(red, green, blue)
  gfx.set(red / 255, green / 255, blue / 255, 1)
end

local function text(x, y, words)
  gfx.x, gfx.y = x, y
  gfx.drawstr(words)
end

--- Breaks a sentence into lines that fit the window.
local function wrapped(sentence, width)
  local lines, line = {}, ""
  for word in sentence:gmatch("%S+") do
    local longer = line == "" and word or line .. " " .. word
    if line ~= "" and gfx.measurestr(longer) > width then
      lines[#lines + 1], line = line, word
    else
      line = longer
    end
  end
  lines[#lines + 1] = line
  return lines
end

local function button(words)
  local width = gfx.measurestr(words) + 2 * MARGIN
  local x, y = gfx.w - MARGIN - width, gfx.h - MARGIN - LINE - 4
  colour(70, 74, 80)
  gfx.rect(x, y, width, LINE + 4, 1)
  colour(230, 230, 230)
  text(x + MARGIN, y + 4, words)
  local is_down = gfx.mouse_cap & 1 == 1
  local is_inside = gfx.mouse_x >= x and gfx.mouse_x < x + width and gfx.mouse_y >= y
    and gfx.mouse_y < y + LINE + 4
  local is_pressed = is_down and is_inside and not window.was_down
  window.was_down = is_down
  return is_pressed
end

local function time_left(seconds)
  if not seconds or seconds < 0 then
    return ""
  elseif seconds < 60 then
    return ("%d s left"):format(math.ceil(seconds))
  end
  seconds = math.ceil(seconds)
  return ("%d:%02d left"):format(seconds // 60, seconds % 60)
end

--- Draws one frame.
--
-- @param shown `title`, `fraction` 0 to 1 or nil for no bar, `stage`, `left_s`, `sentences`
-- @return "cancel" or "close" if the user asked for that
function window.draw(shown)
  if not window.is_open then
    return nil
  end
  local key = gfx.getchar()
  if key == CLOSED then
    window.is_open = false
    return "close"
  end
  local y = MARGIN
  colour(230, 230, 230)
  text(MARGIN, y, shown.title)
  y = y + LINE + 6
  if shown.fraction then
    local width = gfx.w - 2 * MARGIN
    colour(70, 74, 80)
    gfx.rect(MARGIN, y, width, BAR, 1)
    colour(87, 179, 106)
    gfx.rect(MARGIN, y, math.floor(width * shown.fraction), BAR, 1)
    y = y + BAR + 6
    colour(190, 190, 190)
    text(MARGIN, y, shown.stage)
    local left = time_left(shown.left_s)
    text(gfx.w - MARGIN - gfx.measurestr(left), y, left)
    y = y + LINE
  end
  colour(235, 190, 120)
  for _, sentence in ipairs(shown.sentences) do
    for _, line in ipairs(wrapped(sentence, gfx.w - 2 * MARGIN)) do
      text(MARGIN, y, line)
      y = y + LINE
    end
  end
  local needed = y + LINE + 2 * MARGIN
  if needed > gfx.h then
    gfx.init("", gfx.w, needed)
  end
  local is_pressed = button(shown.fraction and "Cancel" or "Close")
  gfx.update()
  if key == ESCAPE then
    return "close"
  end
  return is_pressed and (shown.fraction and "cancel" or "close") or nil
end

return window
