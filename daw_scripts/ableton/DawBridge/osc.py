"""OSC 1.0 bytes to messages and back. No sockets here.

Only what the daemon and controllers send: the type tags ``i h f d s S b T F N I``, arrays
flattened, and bundles, whose messages are taken at once whatever their time tag says.
"""

from __future__ import annotations

import struct
from typing import Any, Callable, Iterator, NamedTuple

from .errors import BadPacketError

MAX_BUNDLE_DEPTH = 8

_BUNDLE_TAG = b"#bundle\0"
_BUNDLE_HEADER_BYTES = 16
_CONSTANTS = {"T": True, "F": False, "N": None, "I": float("inf")}


class Message(NamedTuple):
    """One OSC message: where it goes and what it carries."""

    address: str
    arguments: tuple[Any, ...] = ()


def decode(packet: bytes) -> list[Message]:
    """Return the messages of a packet in their order.

    Raises
    ------
    BadPacketError
        The bytes are not OSC; none of its messages may be acted on.
    """
    return list(_decode(packet, 0))


def encode(address: str, *arguments: Any) -> bytes:
    """Return the packet of one message; floats go as doubles, so that positions stay exact.

    Raises
    ------
    BadPacketError
        An argument that OSC cannot carry.
    """
    tags, content = ",", b""
    for argument in arguments:
        tag, data = _written(argument)
        tags += tag
        content += data
    return _padded(address) + _padded(tags) + content


def _written(value: Any) -> tuple[str, bytes]:
    if value is None or isinstance(value, bool):
        return {None: "N", True: "T", False: "F"}[value], b""
    if isinstance(value, int):
        if -(2**31) <= value < 2**31:
            return "i", struct.pack(">i", value)
        return "h", struct.pack(">q", value)
    if isinstance(value, float):
        return "d", struct.pack(">d", value)
    if isinstance(value, str):
        return "s", _padded(value)
    raise BadPacketError(f"OSC cannot carry {value!r}.")


def _padded(text: str) -> bytes:
    # A text ends at a zero, and a file name that is not UTF-8 holds lone surrogates.
    data = text.replace("\0", " ").encode("utf-8", "replace")
    return data + b"\0" * (4 - len(data) % 4)


def _decode(packet: bytes, depth: int) -> Iterator[Message]:
    if len(packet) % 4:
        raise BadPacketError("The length of an OSC packet is a multiple of four bytes.")
    if packet.startswith(_BUNDLE_TAG):
        if depth >= MAX_BUNDLE_DEPTH or len(packet) < _BUNDLE_HEADER_BYTES:
            raise BadPacketError("The bundle is nested too deep, or cut off.")
        yield from _decode_bundle(packet, depth)
    elif packet.startswith(b"/"):
        yield _decode_message(packet)
    else:
        raise BadPacketError("An OSC packet begins with '/' or '#bundle'.")


def _decode_bundle(packet: bytes, depth: int) -> Iterator[Message]:
    index = _BUNDLE_HEADER_BYTES
    while index < len(packet):
        (size,) = struct.unpack_from(">i", packet, index)
        index += 4
        if size <= 0 or index + size > len(packet):
            raise BadPacketError("A bundle element's size does not fit the packet.")
        yield from _decode(packet[index : index + size], depth + 1)
        index += size


def _decode_message(packet: bytes) -> Message:
    address, index = _text(packet, 0)
    if index == len(packet):  # very old senders leave the type tags out
        return Message(address)
    tags, index = _text(packet, index)
    if not tags.startswith(","):
        raise BadPacketError("The type tags of an OSC message begin with a comma.")
    arguments = []
    for tag in tags[1:]:
        if tag in "[]":
            continue
        if tag in _CONSTANTS:
            arguments.append(_CONSTANTS[tag])
            continue
        reader = _READERS.get(tag)
        if reader is None:
            raise BadPacketError(f"The OSC type tag '{tag}' is not known.")
        try:
            value, index = reader(packet, index)
        except struct.error as fault:
            raise BadPacketError("The packet ends inside an argument.") from fault
        arguments.append(value)
    return Message(address, tuple(arguments))


def _text(packet: bytes, index: int) -> tuple[str, int]:
    end = packet.find(b"\0", index)
    after = (end // 4 + 1) * 4
    if end < 0 or after > len(packet):
        raise BadPacketError("The packet ends inside a text.")
    try:
        return packet[index:end].decode("utf-8"), after
    except UnicodeDecodeError as fault:
        raise BadPacketError("A text in the packet is not UTF-8.") from fault


def _blob(packet: bytes, index: int) -> tuple[bytes, int]:
    (size,) = struct.unpack_from(">i", packet, index)
    begin = index + 4
    if size < 0 or begin + size > len(packet):
        raise BadPacketError("A blob's size does not fit the packet.")
    return packet[begin : begin + size], begin + size + (-size % 4)


def _number(form: str) -> Callable[[bytes, int], tuple[Any, int]]:
    pattern = struct.Struct(form)

    def read(packet: bytes, index: int) -> tuple[Any, int]:
        return pattern.unpack_from(packet, index)[0], index + pattern.size

    return read


_READERS: dict[str, Callable[[bytes, int], tuple[Any, int]]] = {
    "i": _number(">i"),
    "h": _number(">q"),
    "f": _number(">f"),
    "d": _number(">d"),
    "s": _text,
    "S": _text,
    "b": _blob,
}
