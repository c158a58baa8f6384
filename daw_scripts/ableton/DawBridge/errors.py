"""What can go wrong, as sentences for the musician.

::

    BridgeError             its text is what Live shows
    └── BadPacketError      bytes that are not OSC, or a value that OSC cannot carry
"""


class BridgeError(Exception):
    """Something that the musician can act on."""


class BadPacketError(BridgeError):
    """Bytes that are not OSC, or a value that OSC cannot carry."""
