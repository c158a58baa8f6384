"""The voices of festival: which load, and what they are told to say.

A. W. Black and P. Taylor, "The Festival Speech Synthesis System" (University of Edinburgh, 1997)
describes the program. Its voices are made from recordings of one person each; it runs Scheme.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.errors import EngineFailedError

if TYPE_CHECKING:
    from collections.abc import Sequence

_TRY = """
(define (try name)
  (unwind-protect
    (begin (eval (list (intern (string-append "voice_" name)))) (format t "%s\\n" name))
    nil))
"""
_SAY = """
(voice_{voice})
(Parameter.set 'Duration_Stretch {stretch:.2f})
(set! said (utt.synth (Utterance Text "{text}")))
(utt.save.wave said "{path}" 'riff)
(mapcar
  (lambda (phone) (format t "%s:%f " (item.name phone) (item.feat phone 'end)))
  (utt.relation.items said 'Segment))
"""


def voices(wanted: Sequence[str]) -> frozenset[str]:
    """Return which of the voices load; none where festival is not installed.

    Listed voices may still lack their language, so each is loaded once.

    Raises
    ------
    EngineFailedError
        festival is installed and cannot be run.
    """
    if not shutil.which("festival"):
        return frozenset()
    tries = "".join(f'(try "{voice}")\n' for voice in wanted)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "try.scm"
        script.write_text(_TRY + tries, encoding="ascii")
        try:
            done = subprocess.run(
                ["festival", "-b", str(script)], capture_output=True, check=False, timeout=120
            )
        except (OSError, subprocess.SubprocessError) as exc:
            raise EngineFailedError(
                f"festival is installed but does not load its voices: {exc}. Install Debian's "
                "festival again, or remove it to sing without its voices."
            ) from exc
    return frozenset(done.stdout.decode("ascii", "replace").split()).intersection(wanted)


def script(voice: str, text: str, stretch: float, path: Path) -> str:
    """Return the Scheme that says a text.

    Parameters
    ----------
    voice
        As festival lists it.
    text
        Words without quotation marks.
    stretch
        How much slower than the voice's own pace, where the voice heeds it.
    path
        Of the sound file. The phones are printed as `syllables.phone_table` reads them.
    """
    return _SAY.format(voice=voice, text=text, stretch=stretch, path=path)
