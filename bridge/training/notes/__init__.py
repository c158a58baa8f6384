"""Recordings whose notes are known exactly, and the transcription presets tuned on them.

``python -m bridge.training.notes`` composes pieces, plays them with soundfonts and with our own
singer, hears each once, and searches the thresholds of a preset.
"""
