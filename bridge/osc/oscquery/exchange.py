"""One connection as HTTP: requests in, answers out, within limits of size and time."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from http import HTTPStatus

import h11

from bridge.osc.oscquery.answers import Answer

MAX_HEAD_BYTES = 1 << 14
"""Request line and headers."""

PATIENCE_S = 10.0
"""How long a request may take to come, and an answer to be taken."""

METHODS = ("GET", "HEAD", "OPTIONS")

_READ_BYTES = 1 << 12


@dataclass(frozen=True)
class Asked:
    """A request: its method, the URL's path and query, and the headers as they came."""

    method: str
    target: str
    headers: tuple[tuple[bytes, bytes], ...]

    def header(self, name: str) -> str | None:
        """Return a header; None if it is not there."""
        wanted = name.encode()
        found = (value for key, value in self.headers if key == wanted)
        value = next(found, None)
        return None if value is None else value.decode("latin-1")


class Exchange:
    """Reads requests from a connection and writes answers to it.

    Parameters
    ----------
    reader, writer
        The connection.
    patience_s
        As `PATIENCE_S`.
    """

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._reader, self._writer = reader, writer
        self._patience_s = patience_s
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD_BYTES)
        host, port, *_ = writer.get_extra_info("peername") or ("?", 0)
        self.host, self.port = str(host), int(port)
        self.own_address = str((writer.get_extra_info("sockname") or ("127.0.0.1",))[0])

    @property
    def unread(self) -> bytes:
        """What came after a request that turns to another protocol."""
        return self._http.trailing_data[0]

    async def request(self) -> Asked | None:
        """Return the next request; None if there is none or it cannot be answered as asked.

        Raises
        ------
        asyncio.TimeoutError
            It does not come in time.
        """
        try:
            return await asyncio.wait_for(self._request(), self._patience_s)
        except h11.RemoteProtocolError as exc:
            await self.respond(None, Answer(exc.error_status_hint, {"ERROR": f"{exc}."}))
            return None

    async def respond(self, asked: Asked | None, answer: Answer) -> None:
        """Write an answer.

        Parameters
        ----------
        asked
            What it answers; None if that could not be read.
        answer
            What to tell.

        Raises
        ------
        asyncio.TimeoutError
            The other side does not take it.
        """
        if self._http.our_state not in {h11.IDLE, h11.SEND_RESPONSE}:
            return
        body = answer.body
        response = h11.Response(
            status_code=answer.status,
            headers=_headers(asked, answer, body),
            reason=HTTPStatus(answer.status).phrase,
        )
        parts: list[h11.Event] = [response, h11.EndOfMessage()]
        if body and not (asked and asked.method == "HEAD"):
            parts.insert(1, h11.Data(data=body))
        for part in parts:
            self._writer.write(self._http.send(part) or b"")
        await asyncio.wait_for(self._writer.drain(), self._patience_s)

    def goes_on(self) -> bool:
        """Tell whether another request may come, and get ready for it."""
        if (self._http.our_state, self._http.their_state) != (h11.DONE, h11.DONE):
            return False
        self._http.start_next_cycle()
        return True

    async def _request(self) -> Asked | None:
        asked = None
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                self._http.receive_data(await self._reader.read(_READ_BYTES))
            elif isinstance(event, h11.Request):
                asked = Asked(
                    event.method.decode("ascii"),
                    event.target.decode("latin-1"),
                    tuple(event.headers),
                )
            elif isinstance(event, h11.Data):
                raise h11.RemoteProtocolError("No request here has a body", error_status_hint=413)
            else:  # the end of the request, or of the connection
                return asked


def _headers(asked: Asked | None, answer: Answer, body: bytes) -> list[tuple[str, str]]:
    """Return the headers of an answer. Whether the origin may read it was checked before."""
    headers = [
        ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"),
        ("Vary", "Origin"),
    ]
    if answer.status != 204:
        headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
    if answer.status in {204, 405}:
        headers.append(("Allow", ", ".join(METHODS)))
    origin = asked.header("origin") if asked else None
    if origin is not None and answer.status != 403:
        headers += [
            ("Access-Control-Allow-Origin", origin),
            ("Access-Control-Allow-Methods", ", ".join(METHODS)),
            ("Access-Control-Allow-Private-Network", "true"),
        ]
    if asked is None:
        headers.append(("Connection", "close"))
    return headers
