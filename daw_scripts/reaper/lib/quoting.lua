-- @noindex

--- Command lines: one word stays one word on every system.

local quoting = {}

--- Returns a word as a POSIX shell reads it: nothing is special between single quotes.
function quoting.posix(word)
  return "'" .. word:gsub("'", [['\'']]) .. "'"
end

--- Returns a word as Windows programs split it (CommandLineToArgvW and the C runtime).
--
-- Backslashes count only before a double quote: there, and at the end, they are doubled.
function quoting.windows(word)
  if word ~= "" and not word:find('[%s"]') then
    return word
  end
  word = word:gsub('(\\*)"', '%1%1\\"'):gsub("(\\+)$", "%1%1")
  return '"' .. word .. '"'
end

--- Returns all words as one line.
function quoting.line(words, quote)
  local quoted = {}
  for index, word in ipairs(words) do
    quoted[index] = quote(word)
  end
  return table.concat(quoted, " ")
end

--- Returns the shell script that runs a command and then tells how it ended.
--
-- It tells nobody once its own file is gone.
function quoting.script(words, script, log, ending)
  return ("%s </dev/null >%s 2>&1\nstatus=$?\n[ -e %s ] && echo $status >%s\n"):format(
    quoting.line(words, quoting.posix),
    quoting.posix(log),
    quoting.posix(script),
    quoting.posix(ending)
  )
end

--- Returns the shell script that runs a command nobody listens to; it removes itself.
function quoting.silent_script(words, script)
  return ("rm -f %s\n%s </dev/null >/dev/null 2>&1\n"):format(
    quoting.posix(script),
    quoting.line(words, quoting.posix)
  )
end

return quoting
