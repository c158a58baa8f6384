"""A synthetic singer: no recorded singing may be trained on, and no soundfont has words.

`sing` puts syllables on a melody. Two kinds of voice take turns: a vocal tract of our own, and
phrases spoken by espeak-ng, flite and festival, taken apart with WORLD and put back together on the
notes.
"""

from bridge.training.singer.ensemble import sing

__all__ = ["sing"]
