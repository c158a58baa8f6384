"""How the work is done: audio files, models, effects, MIDI, and the process that runs them."""
