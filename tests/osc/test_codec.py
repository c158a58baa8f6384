"""Bytes to values and back."""

from __future__ import annotations

import contextlib
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bridge.errors import BadPacketError, InternalError
from bridge.osc.codec import (
    MAX_BUNDLE_DEPTH,
    Message,
    StreamDecoder,
    decode,
    encode,
    frame_with_length,
    frame_with_slip,
)

HELLO = bytes.fromhex(
    "2f 62 72 69 64 67 65 2f 68 65 6c 6c 6f 00 00 00"  # /bridge/hello
    "2c 73 73 69 00 00 00 00"  # ,ssi
    "70 61 64 00"  # pad
    "6f 74 68 65 72 00 00 00"  # other
    "00 00 23 28"  # 9000
)

values = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=40),
    st.booleans(),
    st.none(),
    st.binary(max_size=40),
)


def bundle(*packets: bytes, time_tag: int = 1) -> bytes:
    elements = b"".join(struct.pack(">i", len(packet)) + packet for packet in packets)
    return b"#bundle\0" + struct.pack(">Q", time_tag) + elements


def test_a_packet_as_liblo_writes_it() -> None:
    assert decode(HELLO) == [Message("/bridge/hello", ("pad", "other", 9000))]
    assert encode("/bridge/hello", ("pad", "other", 9000)) == HELLO


@given(st.lists(values, max_size=8))
def test_what_is_encoded_is_decoded(arguments: list[Any]) -> None:
    assert decode(encode("/a", arguments)) == [Message("/a", tuple(arguments))]


def test_every_width_of_number() -> None:
    packet = encode("/a", (1, 2, 0.5, 0.5), tags="ihfd")
    assert decode(packet)[0].arguments == (1, 2, 0.5, 0.5)


def test_texts_that_osc_cannot_hold_lose_only_that() -> None:
    packet = encode("/a", ("one\0two", "lone \udc80 surrogate"))
    assert decode(packet)[0].arguments == ("one two", "lone ? surrogate")


def test_a_bundle_runs_at_once_whatever_its_time_tag() -> None:
    future = bundle(encode("/a", (1,)), bundle(encode("/b", (2,))), time_tag=2**63)
    assert [message.address for message in decode(future)] == ["/a", "/b"]


@pytest.mark.parametrize(
    ("packet", "fault"),
    [
        (b"", "begins with"),
        (b"abc", "multiple of four"),
        (b"abcd", "begins with"),
        (b"/a\0\0,i\0\0", "inside an argument"),
        (b"/a\0\0,s\0\0abcd", "inside a text"),
        (b"/a\0\0,s\0\0\xff\xfe\0\0", "not UTF-8"),
        (b"/a\0\0,z\0\0", "type tag 'z'"),
        (b"/a\0\0iiii\0\0\0\0", "comma"),
        (b"/aaa", "inside a text"),
        (b"/a\0\0,b\0\0\x7f\xff\xff\xff", "inside an argument"),
        (b"/a\0\0,b\0\0\xff\xff\xff\xf8", "argument|negative"),
        (b"#bundle\0" + b"\0" * 4, "time tag"),
        (bundle() + b"\x7f\xff\xff\xfc", "size"),
        (bundle() + b"\0\0\0\0", "size"),
        (bundle(b"/a\0\0,i\0\0"), "inside an argument"),
        (b"/a\0\0," + b"i" * 1003, "at most 256 arguments|inside"),
    ],
)
def test_what_is_not_osc_is_refused_with_a_reason(packet: bytes, fault: str) -> None:
    with pytest.raises(BadPacketError, match=fault):
        decode(packet)


def test_bundles_nest_only_so_deep() -> None:
    packet = encode("/a")
    for _ in range(MAX_BUNDLE_DEPTH):
        packet = bundle(packet)
    assert decode(packet) == [Message("/a")]
    with pytest.raises(BadPacketError, match="nested"):
        decode(bundle(packet))


def test_a_bundle_of_too_many_messages() -> None:
    with pytest.raises(BadPacketError, match="1024 messages"):
        decode(bundle(*[b"/a\0\0,\0\0\0"] * 1025))


@given(st.binary(max_size=400))
def test_no_bytes_do_harm(data: bytes) -> None:
    with contextlib.suppress(BadPacketError):
        decode(data)


@given(st.data())
def test_no_mutation_of_a_packet_does_harm(data: st.DataObject) -> None:
    packet = bytearray(data.draw(st.sampled_from([HELLO, bundle(HELLO, bundle(HELLO))])))
    for _ in range(data.draw(st.integers(1, 8))):
        position = data.draw(st.integers(0, len(packet) - 1))
        packet[position] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(packet)))
    with contextlib.suppress(BadPacketError):
        decode(bytes(packet[:cut]))


def test_a_value_that_cannot_be_sent_is_our_own_fault() -> None:
    with pytest.raises(InternalError, match="/a cannot be sent"):
        encode("/a", (object(),))
    with pytest.raises(InternalError):
        encode("/a", (2**40,), tags="i")


framings = st.sampled_from([frame_with_length, frame_with_slip])


@given(framings, st.lists(st.lists(values, max_size=3), min_size=1, max_size=5), st.data())
def test_packets_survive_any_cutting_of_the_stream(
    frame: Any, messages: list[list[Any]], data: st.DataObject
) -> None:
    packets = [encode("/a", arguments) for arguments in messages]
    stream = b"".join(frame(packet) for packet in packets)
    decoder = StreamDecoder(1 << 16)
    found = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += list(decoder.feed(stream[:size]))
        stream = stream[size:]
    assert found == packets
    assert decoder.frame(packets[0]) == frame(packets[0])


def test_slip_without_a_delimiter_in_front() -> None:
    decoder = StreamDecoder(1 << 16)
    assert list(decoder.feed(frame_with_slip(HELLO)[1:])) == [HELLO]


@pytest.mark.parametrize(
    "stream",
    [
        struct.pack(">i", 1 << 20),
        struct.pack(">i", -4)[:1].replace(b"\xff", b"\0") + b"\0\0\0",
        b"\xc0/a\xdb\x00\xc0",
        b"/" + b"a" * 5000,
    ],
)
def test_a_stream_that_cannot_be_followed(stream: bytes) -> None:
    decoder = StreamDecoder(2048)
    with pytest.raises(BadPacketError):
        list(decoder.feed(stream))


@given(st.lists(st.binary(max_size=200), max_size=5))
def test_no_stream_does_harm(chunks: list[bytes]) -> None:
    decoder = StreamDecoder(1 << 12)
    with contextlib.suppress(BadPacketError):
        for chunk in chunks:
            for packet in decoder.feed(chunk):
                decode(packet)
