-- @noindex

--- The script that goes on running: takes requests, works on batches, draws the window.

local batch = require("batch")
local claims = require("claims")
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
local search -- for batches to collect, while it goes on
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
  local one, fault = batch.new(request, program)
  if not one then
    note(fault)
    return
  end
  batches[#batches + 1] = one
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
    search = { others = claims.others(), taken = 0, busy = 0 }
  end,
  status = function()
    ask("/bridge/status", function(answers)
      note(menus.status(answers))
      local others = claims.others()
      if #others > 0 then
        note(("%d to collect with the action Collect finished jobs, or another REAPER works on "
          .. "them."):format(#others))
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

--- Collects what is free; what another REAPER seems to hold is watched for a while.
local function step_search()
  if not search then
    return
  end
  for index = #search.others, 1, -1 do
    local other = search.others[index]
    local is_free = claims.is_free(other)
    local record = is_free and claims.take(other)
    if record then
      batches[#batches + 1] = batch.resume(record, program)
      search.taken = search.taken + 1
    end
    if is_free ~= nil then
      search.busy = search.busy + (is_free and 0 or 1)
      table.remove(search.others, index)
    end
  end
  if #search.others > 0 then
    return
  elseif search.busy > 0 then
    note("Another REAPER works on what is left to collect. Its results go where it was begun.")
  elseif search.taken == 0 then
    note("There are no more jobs to collect.")
  end
  search = nil
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
    local title = search and "looking for finished jobs…"
      or #questions > 0 and "asking dawbridge…" or "dawbridge"
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
  claims.beat()
  take_mail()
  step_questions()
  step_search()
  step_batches(reaper.time_precise() + SLICE_S)
  react(window.draw(shown()))
  local is_busy = #batches > 0 or #questions > 0 or search ~= nil
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
  reaper.defer(function() end) -- no undo step, also where nothing is left after the first tick
  local fault
  program, fault = places.program(folder)
  if not program then
    reaper.DeleteExtState(SECTION, "alive", false)
    reaper.MB(fault, "dawbridge", 0)
    return
  end
  reaper.atexit(function()
    reaper.DeleteExtState(SECTION, "alive", false)
    for _, one in ipairs(batches) do
      one:close()
    end
    claims.close()
    window.close()
  end)
  claims.open()
  window.open()
  tick()
end

return session
