--- The script that goes on running: takes requests, works on batches, draws the window.

local batch = require("batch")
local client = require("client")
local menus = require("menus")
local places = require("places")
local store = require("store")
local window = require("window")

local session = {}

local SECTION = "dawbridge"
local SLICE_S = 0.005 -- of work a tick; REAPER runs deferred scripts about 30 times a second
local UNSAVED = "The project is not saved yet: its results go to REAPER's folder for recordings. "
  .. "Save the project to keep them together."

local batches, questions, notes = {}, {}, {}
local program

local function note(sentence)
  for _, known in ipairs(notes) do
    if known == sentence then
      return
    end
  end
  notes[#notes + 1] = sentence
end

local function ask(address, on_answer)
  local name = store.new_id() .. ".ask"
  local call, fault = client.start(program, { "ask", address }, name)
  if call then
    questions[#questions + 1] = { call = call, answers = {}, on_answer = on_answer }
  else
    note(fault)
  end
end

local function start(request)
  batches[#batches + 1] = batch.new(request, program)
  if request.file == "" then
    note(UNSAVED)
  end
end

local TAKE = {
  run = start,
  menu = function(request)
    local menu = menus[request.menu]
    ask(menu.address, function(answers)
      local choice = menus.choose(menu, answers)
      if choice then
        start(menu.request(request, choice))
      end
    end)
  end,
  cancel = function()
    if #batches == 0 then
      note("Nothing is running that could be cancelled.")
    end
    for _, one in ipairs(batches) do
      one:cancel()
    end
  end,
  collect = function()
    local known = {}
    for _, one in ipairs(batches) do
      known[one:path()] = true
    end
    local before = #batches
    for _, path in ipairs(store.list("%.batch$")) do
      local record = not known[path] and store.read(path)
      if record then
        batches[#batches + 1] = batch.resume(record, program)
      end
    end
    if #batches == before then
      note("There are no more jobs to collect.")
    end
  end,
  status = function()
    ask("/bridge/status", function(answers)
      local waiting = #store.list("%.batch$") - #batches
      note(menus.status(answers))
      if waiting > 0 then
        note(("%d to collect with the action Collect finished jobs."):format(waiting))
      end
    end)
  end,
  show = function() end,
}

local function take_mail()
  local mail = reaper.GetExtState(SECTION, "mail")
  if mail == "" then
    return
  end
  reaper.DeleteExtState(SECTION, "mail", false)
  for id in mail:gmatch("%S+") do
    local path = places.join(places.jobs(), id .. ".request")
    local request = store.read(path)
    store.forget(path)
    if request and TAKE[request.kind] then
      window.open()
      TAKE[request.kind](request)
    end
  end
end

local function step_questions()
  for index = #questions, 1, -1 do
    local question = questions[index]
    local is_over = false
    for _, fields in ipairs(question.call:events()) do
      if fields[1] == "/bridge/error" then
        note(fields[4])
        question.is_refused, is_over = true, true
      elseif fields[1] == "/bridge/asked" then
        is_over = true
      else
        table.insert(question.answers, fields)
      end
    end
    local fault = not is_over and question.call:fault()
    if fault then
      note(fault)
      question.is_refused, is_over = true, true
    end
    if is_over then
      table.remove(questions, index)
      question.call:forget()
      if not question.is_refused then
        question.on_answer(question.answers)
      end
    end
  end
end

local function step_batches(deadline_s)
  for index = #batches, 1, -1 do
    if batches[index]:step(deadline_s) then
      for _, sentence in ipairs(table.remove(batches, index):finish()) do
        note(sentence)
      end
    end
  end
end

--- Returns what the window shows: the oldest batch, and how many wait behind it.
local function shown()
  if #batches == 0 then
    local title = #questions > 0 and "asking dawbridge…" or "dawbridge"
    return { title = title, sentences = notes }
  end
  local fraction, stage, left_s = batches[1]:progress()
  local title = batches[1].record.label
  if #batches > 1 then
    title = ("%s, and %d more"):format(title, #batches - 1)
  end
  return { title = title, fraction = fraction, stage = stage, left_s = left_s, sentences = notes }
end

local function react(wish)
  if wish == "cancel" then
    TAKE.cancel()
  elseif wish == "close" then
    notes = {}
    window.close()
  end
end

local function tick()
  reaper.SetExtState(SECTION, "alive", store.number_text(reaper.time_precise()), false)
  take_mail()
  step_questions()
  step_batches(reaper.time_precise() + SLICE_S)
  react(window.draw(shown()))
  local is_busy = #batches > 0 or #questions > 0
  if not is_busy and #notes == 0 then
    window.close()
  elseif not window.is_open and #notes > 0 then
    window.open() -- it was closed while jobs ran, and now there is something to say
  end
  if is_busy or window.is_open or reaper.GetExtState(SECTION, "mail") ~= "" then
    reaper.defer(tick)
  end
end

--- Runs until nothing is left to do or to say.
function session.run(folder)
  local fault
  program, fault = places.program(folder)
  if not program then
    reaper.DeleteExtState(SECTION, "alive", false)
    reaper.MB(fault, "dawbridge", 0)
    return
  end
  reaper.atexit(function()
    reaper.DeleteExtState(SECTION, "alive", false)
    window.close()
  end)
  window.open()
  tick()
end

return session
