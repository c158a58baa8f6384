"""How the systems split a command line into words."""

from __future__ import annotations

import re


def split_posix(line: str) -> list[str]:
    """Split at spaces; double quotes hold words together, and nothing else is special.

    That is what is known of REAPER's own splitting on macOS and Linux, so a line that would need
    more than that is refused.
    """
    bare = re.sub(r'"[^"]*"', "", line)
    if re.search(r"""["'\\$`]""", bare):
        raise ValueError(f"nobody knows how REAPER splits {line!r}")
    return [quoted or plain for quoted, plain in re.findall(r'"([^"]*)"|(\S+)', line)]


def split_windows(line: str) -> list[str]:
    """Split as the C runtime does: 2n backslashes before a quote are n, 2n + 1 also the quote."""
    words, word, is_quoted, has_word = [], "", False, False
    for slashes, rest in re.findall(r"(\\*)([^\\]|$)", line):
        if rest == '"':
            word += "\\" * (len(slashes) // 2)
            has_word = True
            if len(slashes) % 2:
                word += '"'
            else:
                is_quoted = not is_quoted
        elif (rest == "" or rest in " \t") and not is_quoted:
            word += slashes
            if word or has_word:
                words.append(word)
            word, has_word = "", False
        else:
            word += slashes + rest
    return words
