"""Senders that the settings do not name, in network namespaces of their own.

`python -m tests.faults.peers FOLDER` is what runs inside; it prints how often each sender was
answered, as JSON.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from bridge.osc.codec import decode, encode
from tests.end_to_end.conftest import Daemon
from tests.faults.disks import is_root_on_linux
from tests.faults.floods import status
from tests.faults.outcome import Outcome
from tests.faults.studio import running

if TYPE_CHECKING:
    from collections.abc import Iterator

HOME, OUTSIDE = "dawbridge-home", "dawbridge-outside"
DAEMON, NAMED, STRANGER = "10.97.0.1", "10.97.0.2", "10.97.0.3"

SPOOF = """
import socket, struct, sys
port = int(sys.argv[1])
packet = bytes.fromhex(sys.argv[2])
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
udp = struct.pack(">4H", 9999, port, 8 + len(packet), 0) + packet
for source in ("127.0.0.1", "10.97.0.1"):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0,
                       socket.inet_aton(source), socket.inet_aton("10.97.0.1"))
    for _ in range(20):
        raw.sendto(head + udp, ("10.97.0.1", 0))
"""


@contextlib.contextmanager
def namespaces() -> Iterator[None]:
    """Make two networks that are joined by a cable."""
    commands = f"""
        netns add {HOME}
        netns add {OUTSIDE}
        link add dawb0 netns {HOME} type veth peer name dawb1 netns {OUTSIDE}
        -n {HOME} link set lo up
        -n {HOME} link set dawb0 up
        -n {OUTSIDE} link set dawb1 up
        -n {HOME} address add {DAEMON}/24 dev dawb0
        -n {OUTSIDE} address add {NAMED}/24 dev dawb1
        -n {OUTSIDE} address add {STRANGER}/24 dev dawb1
    """
    try:
        for command in filter(None, map(str.strip, commands.splitlines())):
            subprocess.run(["ip", *command.split()], check=True)
        yield
    finally:
        for name in (HOME, OUTSIDE):
            subprocess.run(["ip", "netns", "delete", name], check=False)


ASK = """
import socket, sys
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind((sys.argv[3], 0)); udp.settimeout(10.0)
udp.sendto(bytes.fromhex(sys.argv[2]), ("10.97.0.1", int(sys.argv[1])))
try: print(udp.recv(4096).hex())
except TimeoutError: print("")
"""


def _outside(script: str, *arguments: object) -> str:
    ran = subprocess.run(
        ["ip", "netns", "exec", OUTSIDE, sys.executable, "-c", script, *map(str, arguments)],
        check=True,
        capture_output=True,
        text=True,
    )
    return ran.stdout.strip()


def inside(folder: Path) -> dict[str, object]:
    """Serve to the named peer, and see who is answered what."""
    settings = {
        "DAWBRIDGE_HOST": "0.0.0.0",
        "DAWBRIDGE_PEERS": NAMED,
        "DAWBRIDGE_READ_ROOTS": str(folder),
        "DAWBRIDGE_OSCQUERY": "false",
    }
    found: dict[str, object] = {}
    with running(Daemon(folder, settings=settings)) as daemon:
        ping = encode("/bridge/ping").hex()
        for who in (NAMED, STRANGER):
            message = decode(bytes.fromhex(_outside(ASK, daemon.port, ping, who)))[0]
            found[who] = [message.address, *message.arguments]
        before = status(daemon)["packets"]
        _outside(SPOOF, daemon.port, encode("/bridge/run/stems").hex())
        with socket.socket() as tcp:
            tcp.connect(("127.0.0.1", daemon.port))
        after = status(daemon)
        # One packet of ours asked for the figures in between.
        found["spoofed"] = int(str(after["packets"])) - int(str(before)) - 1
        found["forbidden"] = after["faults.forbidden_peer"]
    return found


def peers(folder: Path) -> Iterator[Outcome]:
    """Ask from outside, under right and false addresses."""
    if not is_root_on_linux():
        return
    with namespaces():
        ran = subprocess.run(
            ["ip", "netns", "exec", HOME, sys.executable, "-m", "tests.faults.peers", str(folder)],
            check=True,
            capture_output=True,
            text=True,
        )
    found = json.loads(ran.stdout)
    outcome = Outcome(
        "Security",
        "a machine that `peers` does not name, and 40 packets from outside that say to come from "
        "this machine",
        41,
    )
    outcome.held = f"`{found[STRANGER][2]}`; {found['spoofed']} of the 40 arrived"
    outcome.expect(found[NAMED][0] == "/bridge/pong", f"the named peer got {found[NAMED]}")
    outcome.expect(found[STRANGER][2] == "forbidden_peer", f"the stranger got {found[STRANGER]}")
    outcome.expect(found["spoofed"] == 0, f"{found['spoofed']} spoofed packets arrived")
    yield outcome


if __name__ == "__main__":
    sys.stdout.write(json.dumps(inside(Path(sys.argv[1]))))
