--- What the musician sees: sentences, and how far the work is.

local window = {}

local TITLE = "dawbridge"

--- Shows a sentence. With `BRIDGE_SENTENCES` in the environment, which names a file, it is
-- written there: no window waits for somebody where nobody looks.
function window.say(sentence)
  local path = os.getenv("BRIDGE_SENTENCES")
  local file = path and io.open(path, "ab")
  if file then
    file:write(sentence, "\n")
    file:close()
    return
  end
  LuaDialog.Message(TITLE, sentence, LuaDialog.MessageType.Info, LuaDialog.ButtonType.OK):run()
end

--- Asks a question; returns whether the answer was yes, as it is where nobody looks.
function window.ask(question)
  if os.getenv("BRIDGE_SENTENCES") then
    return true
  end
  local box = LuaDialog.Message(
    TITLE, question, LuaDialog.MessageType.Question, LuaDialog.ButtonType.Yes_No
  )
  return box:run() == LuaDialog.Response.Yes
end

--- Calls a function until it returns true, and shows how far it is.
--
-- Ardour goes on drawing and playing. The window is modal: the session cannot be closed below it.
--
-- @param work returns whether it has ended, how much is done, 0 to 1, and what is being done
-- @param pause_us between two calls
-- @param patience_s of computing, before a window is opened
-- @return whether the work came to its end; false if it was cancelled
function window.follow(work, pause_us, patience_s)
  local begun_s, bar = os.clock(), nil
  local has_ended, fraction, stage
  repeat
    has_ended, fraction, stage = work()
    if not bar and os.clock() - begun_s >= patience_s then
      bar = LuaDialog.ProgressWindow(TITLE, true)
    end
    if bar then
      bar:progress(math.min(fraction, 0.999), stage) -- it closes itself at 1
    end
    if pause_us > 0 and not has_ended then
      ARDOUR.LuaAPI.usleep(pause_us)
    end
  until has_ended or bar and bar:canceled()
  if bar then
    bar:done()
  end
  return has_ended
end

return window
