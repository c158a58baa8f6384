-- Script of a TouchOSC document's root: says hello to dawbridge and shows what it tells.
--
-- It looks for controls by their names and does without those that are not there:
--   progress   a fader that cannot be touched
--   state      a label
-- Faders of knobs, buttons and radios need nothing from here.

local REPLY_PORT = 9000        -- the connection's receive port
local CHAINS = {}              -- chains whose knobs are on the surface, such as {'voice-polish'}
local HELLO_INTERVAL_MS = 60000

local saidHello = nil
local isConnected = false

local function send(address, ...)
  sendOSC({address, {...}})
end

local function text(value)
  return {tag = 's', value = value}
end

local function show(name, field, value)
  local control = self:findByName(name, true)
  if control then
    control.values[field] = value
  end
end

local function showState(words, fraction)
  show('state', 'text', words)
  if fraction then
    show('progress', 'x', fraction)
  end
end

-- What each message shows; its arguments begin with the job's id.
local shown = {
  ['/bridge/welcome'] = function()
    if not isConnected then  -- it comes every minute, and would hide the last job's end
      isConnected = true
      showState('connected')
    end
  end,
  ['/bridge/selected'] = function(path) showState('selected ' .. path) end,
  ['/bridge/error'] = function(_, _, sentence) showState(sentence) end,
  ['/bridge/job/queued'] = function(_, recipe) showState(recipe .. ' waits', 0) end,
  ['/bridge/job/progress'] = function(_, fraction, stage) showState(stage, fraction) end,
  ['/bridge/job/state'] = function(_, state, _, fraction) showState(state, fraction) end,
  ['/bridge/job/warning'] = function(_, _, sentence) showState(sentence) end,
  ['/bridge/job/done'] = function() showState('done', 1) end,
  ['/bridge/job/failed'] = function(_, _, sentence) showState(sentence, 0) end,
  ['/bridge/job/cancelled'] = function() showState('cancelled', 0) end,
}

function update()
  local now = getMillis()
  if saidHello and now - saidHello < HELLO_INTERVAL_MS then
    return
  end
  saidHello = now
  send('/bridge/hello', text('TouchOSC'), text('controller'), {tag = 'i', value = REPLY_PORT})
  for _, chain in ipairs(CHAINS) do
    send('/bridge/chain/' .. chain)
  end
end

function onReceiveOSC(message)
  local showMessage = shown[message[1]]
  if showMessage then
    local values = {}
    for index, argument in ipairs(message[2]) do
      values[index] = argument.value
    end
    showMessage(table.unpack(values))
  end
  return false  -- the controls' own messages are heard as well
end
