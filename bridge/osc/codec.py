"""OSC bytes to values and back. No sockets here.

Reads OSC 1.0 packets and bundles, and the two framings that OSC has for streams: the int32 length
prefix of OSC 1.0 and the SLIP of OSC 1.1 (RFC 1055, with a delimiter at both ends). Numbers and
blobs are parsed by python-osc, and SLIP is its too. Its packet class is not used, since it skips
unknown type tags, recurses without bound into bundles and scans text byte by byte; nor is its
builder, since it narrows doubles and refuses an empty blob, so that a ping could not be echoed.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from pythonosc.parsing import osc_types
from pythonosc.slip import END, ProtocolError
from pythonosc.slip import decode as slip_decode
from pythonosc.slip import encode as slip_encode

from bridge.errors import BadPacketError, InternalError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

Argument = Any
"""int, float, str, bytes, bool or None."""

MAX_BUNDLE_DEPTH = 8
MAX_MESSAGES = 1024
MAX_ARGUMENTS = 256

_BUNDLE_TAG = b"#bundle\0"
_BUNDLE_HEADER_BYTES = 16
_AT_ONCE = struct.pack(">Q", 1)
"""The time tag that OSC 1.0 reserves for "immediately"."""
IMPULSE = float("inf")
"""What the type tag ``I`` becomes: infinitum in OSC 1.0, an impulse in OSC 1.1."""

_CONSTANTS: dict[str, Argument] = {"T": True, "F": False, "N": None, "I": IMPULSE}


def _text(packet: bytes, index: int) -> tuple[str, int]:
    end = packet.find(b"\0", index)
    if end < 0:
        raise BadPacketError("The packet ends inside a text.")
    after = (end // 4 + 1) * 4
    if after > len(packet):
        raise BadPacketError("The packet ends inside a text.")
    try:
        return packet[index:end].decode("utf-8"), after
    except UnicodeDecodeError as exc:
        raise BadPacketError("A text in the packet is not UTF-8.") from exc


_READERS: dict[str, Callable[[bytes, int], tuple[Argument, int]]] = {
    "i": osc_types.get_int,
    "h": osc_types.get_int64,
    "f": osc_types.get_float,
    "d": osc_types.get_double,
    "s": _text,
    "S": _text,
    "b": osc_types.get_blob,
    "t": osc_types.get_uint64,
    "r": osc_types.get_rgba,
    "c": osc_types.get_int,
    "m": osc_types.get_midi,
}


@dataclass(frozen=True)
class Message:
    """One OSC message: where it goes and what it carries."""

    address: str
    arguments: tuple[Argument, ...] = ()


def decode(packet: bytes) -> list[Message]:
    """Return the messages of a packet; those of a bundle in its order, whatever its time tag.

    Raises
    ------
    BadPacketError
        The bytes are not OSC; none of its messages may be acted on.
    """
    messages = list(islice(_decode(packet, 0), MAX_MESSAGES + 1))
    if len(messages) > MAX_MESSAGES:
        raise BadPacketError(f"A bundle holds at most {MAX_MESSAGES} messages.")
    return messages


def _decode(packet: bytes, depth: int) -> Iterator[Message]:
    if len(packet) % 4:
        raise BadPacketError("An OSC packet's length is a multiple of four bytes.")
    if is_bundle(packet):
        yield from _decode_bundle(packet, depth)
    elif packet.startswith(b"/"):
        yield _decode_message(packet)
    else:
        raise BadPacketError("An OSC packet begins with '/' or '#bundle'.")


def _decode_bundle(packet: bytes, depth: int) -> Iterator[Message]:
    if depth >= MAX_BUNDLE_DEPTH:
        raise BadPacketError(f"Bundles may be nested {MAX_BUNDLE_DEPTH} deep.")
    for element in elements(packet):
        yield from _decode(element, depth + 1)


def _decode_message(packet: bytes) -> Message:
    address, index = _text(packet, 0)
    if index == len(packet):  # very old senders leave the type tags out
        return Message(address)
    tags, index = _text(packet, index)
    if not tags.startswith(","):
        raise BadPacketError("The type tags of an OSC message begin with a comma.")
    if len(tags) > MAX_ARGUMENTS:
        raise BadPacketError(f"A message has at most {MAX_ARGUMENTS} arguments.")
    arguments: list[Argument] = []
    for tag in tags[1:]:
        if tag in "[]":  # arrays are flattened: no request nests
            continue
        if tag in _CONSTANTS:
            arguments.append(_CONSTANTS[tag])
            continue
        reader = _READERS.get(tag)
        if reader is None:
            raise BadPacketError(f"The OSC type tag '{tag}' is not known.")
        try:
            value, after = reader(packet, index)
        except (osc_types.ParseError, struct.error, IndexError, ValueError, OverflowError) as exc:
            raise BadPacketError("The packet ends inside an argument.") from exc
        if after <= index:
            raise BadPacketError("A blob's size is negative.")
        index = after
        arguments.append(value)
    return Message(address, tuple(arguments))


def encode(address: str, arguments: Sequence[Argument] = (), tags: str = "") -> bytes:
    """Return the packet of one message.

    Parameters
    ----------
    address
        Begins with a slash.
    arguments
        Values.
    tags
        One OSC type tag for each argument; empty takes the narrowest that keeps each value.

    Raises
    ------
    InternalError
        A value that its tag cannot carry.
    """
    try:
        tags = tags or "".join(map(narrowest_tag, arguments))
        pairs = zip(tags, arguments, strict=True)
        content = b"".join(_WRITERS[tag](argument) for tag, argument in pairs)
    except (struct.error, KeyError, ValueError, TypeError, OverflowError) as exc:
        raise InternalError(f"{address} cannot be sent: {exc}.") from exc
    return _padded_text(address) + _padded_text("," + tags) + content


def is_bundle(packet: bytes) -> bool:
    """Tell whether a packet holds several messages."""
    return packet.startswith(_BUNDLE_TAG)


def elements(packet: bytes) -> Iterator[bytes]:
    """Yield the packets that a bundle holds; `BadPacketError` if it is broken."""
    if len(packet) < _BUNDLE_HEADER_BYTES:
        raise BadPacketError("The bundle ends before its time tag.")
    index = _BUNDLE_HEADER_BYTES
    while index < len(packet):
        (size,) = struct.unpack_from(">i", packet, index)
        index += 4
        if size <= 0 or index + size > len(packet):
            raise BadPacketError("A bundle element's size does not fit the packet.")
        yield packet[index : index + size]
        index += size


def bundle(packets: Iterable[bytes]) -> bytes:
    """Return some packets as one, to be acted on at once and together."""
    sized = (struct.pack(">i", len(packet)) + packet for packet in packets)
    return _BUNDLE_TAG + _AT_ONCE + b"".join(sized)


def narrowest_tag(value: Argument) -> str:
    """Return the OSC type tag that an argument is sent with."""
    if value is None or isinstance(value, bool):
        return {None: "N", True: "T", False: "F"}[value]
    if isinstance(value, int):
        return "i" if -(2**31) <= value < 2**31 else "h" if -(2**63) <= value < 2**63 else "d"
    if isinstance(value, float):
        try:
            return "f" if struct.unpack(">f", struct.pack(">f", value))[0] == value else "d"
        except OverflowError:
            return "d"
    return _TAGS[type(value)]


_TAGS: dict[type, str] = {str: "s", bytes: "b", tuple: "m"}


def _padded_text(text: str) -> bytes:
    # OSC texts end at a zero, and a lone surrogate (from a file name that is not UTF-8) has no
    # encoding: either would lose the whole message.
    data = text.replace("\0", " ").encode("utf-8", "replace")
    return data + b"\0" * (4 - len(data) % 4)


def _blob(data: bytes) -> bytes:
    return struct.pack(">i", len(data)) + data + b"\0" * (-len(data) % 4)


_WRITERS: dict[str, Callable[[Any], bytes]] = {
    "i": struct.Struct(">i").pack,
    "h": struct.Struct(">q").pack,
    "f": struct.Struct(">f").pack,
    "d": struct.Struct(">d").pack,
    "s": _padded_text,
    "b": _blob,
    "m": lambda midi: struct.pack(">4B", *midi),
    "T": lambda _: b"",
    "F": lambda _: b"",
    "N": lambda _: b"",
}


def frame_with_length(packet: bytes) -> bytes:
    """Return a packet as OSC 1.0 sends it down a stream."""
    return struct.pack(">i", len(packet)) + packet


def frame_with_slip(packet: bytes) -> bytes:
    """Return a packet as OSC 1.1 sends it down a stream."""
    return slip_encode(packet)


class StreamDecoder:
    """Finds packets in a TCP stream; the framing is told from the first byte.

    A length prefix begins with a zero byte, since packets are smaller than 16 MB; SLIP begins with
    its delimiter, or at once with the packet.

    Parameters
    ----------
    max_packet_bytes
        A longer packet cannot be skipped safely, so it ends the stream.
    """

    def __init__(self, max_packet_bytes: int) -> None:
        self._max_packet_bytes = max_packet_bytes
        self._buffer = bytearray()
        self.is_slip: bool | None = None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes, yield the packets that they complete.

        Raises
        ------
        BadPacketError
            The stream cannot be followed any further; close it.
        """
        self._buffer += data
        if self.is_slip is None and self._buffer:
            self.is_slip = self._buffer[0] != 0
        yield from self._slip_packets() if self.is_slip else self._prefixed_packets()

    def frame(self, packet: bytes) -> bytes:
        """Return a packet framed as the other side frames its own."""
        return frame_with_slip(packet) if self.is_slip else frame_with_length(packet)

    def _slip_packets(self) -> Iterator[bytes]:
        while (end := self._buffer.find(END)) >= 0:
            if not end:
                # All delimiters at once: a stream of nothing else must not take a step for each.
                self._buffer = self._buffer.lstrip(END)
                continue
            framed = bytes(self._buffer[:end])
            del self._buffer[: end + 1]
            try:
                yield slip_decode(framed)
            except ProtocolError as exc:
                raise BadPacketError("The stream is not valid SLIP.") from exc
        self._check_size(len(self._buffer) // 2)  # escaped bytes take two

    def _prefixed_packets(self) -> Iterator[bytes]:
        while len(self._buffer) >= 4:
            (size,) = struct.unpack_from(">i", self._buffer)
            if size <= 0:
                raise BadPacketError("A packet's length is not positive.")
            self._check_size(size)
            if len(self._buffer) < 4 + size:
                return
            packet = bytes(self._buffer[4 : 4 + size])
            del self._buffer[: 4 + size]
            yield packet

    def _check_size(self, size: int) -> None:
        if size > self._max_packet_bytes:
            raise BadPacketError(f"A packet has at most {self._max_packet_bytes} bytes.")
