"""dawbridge: stems and MIDI for the bars you selected, over OSC."""

__version__ = "0.1.0"

PROTOCOL_VERSION = 1
"""Version of the OSC contract; it rises when a client written for the old one would break."""
