-- Script of a radio control: chooses an option of the next runs, and follows what others choose.
-- The control's name is the option's; its steps are as many as the option has values here.

local VALUES = {
  model = {'default', 'unet', 'dsp', 'htdemucs', 'htdemucs_ft', 'htdemucs_6s', 'hdemucs_mmi', 'mdx', 'mdx_extra'},
  stems = {'default', 'drums', 'bass', 'other', 'vocals', 'guitar', 'piano', 'drums+rest', 'bass+rest', 'other+rest', 'vocals+rest', 'guitar+rest', 'piano+rest', '-drums', '-bass', '-other', '-vocals', '-guitar', '-piano'},
  pre = {'default', 'none', 'bass-tighten', 'clean', 'drum-crush', 'glue', 'lofi-tape', 'master', 'plate', 'slap-echo', 'telephone', 'transcribe-clean', 'unmud', 'voice-double', 'voice-polish', 'wide-pads'},
  post = {'default', 'none', 'bass-tighten', 'clean', 'drum-crush', 'glue', 'lofi-tape', 'master', 'plate', 'slap-echo', 'telephone', 'transcribe-clean', 'unmud', 'voice-double', 'voice-polish', 'wide-pads'},
}

local heard = nil

function onValueChanged(key)
  local values = VALUES[self.name]
  if key ~= 'x' or not values or self.values.x == heard then
    return
  end
  heard = nil
  local value = values[self.values.x + 1]
  if value then
    sendOSC({'/bridge/set', {{tag = 's', value = self.name}, {tag = 's', value = value}}})
  end
end

function onReceiveOSC(message)
  local address, arguments = message[1], message[2]
  if address ~= '/bridge/set' or arguments[1].value ~= self.name then
    return false
  end
  for index, value in ipairs(VALUES[self.name] or {}) do
    if value == arguments[2].value then
      heard = index - 1
      self.values.x = heard
    end
  end
  return false
end
