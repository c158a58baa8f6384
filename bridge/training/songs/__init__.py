"""Songs that nobody recorded: composed and rendered multitracks with exact stems.

`score` composes, `render` plays and mixes, `cache` writes what the training reads. The notes are
ours, the sounds are free soundfonts (`soundfonts`) and our own synthesis (`synths`,
`drum_machine`), the voices come from `bridge.training.singer`. The same seed gives the same song
wherever the same soundfonts are installed.
"""

from bridge.training.songs.values import NoteEvent

__all__ = ["NoteEvent"]
