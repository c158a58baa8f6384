"""A knob is turned and only what comes after the separation is computed, through a real daemon."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import soundfile

if TYPE_CHECKING:
    from bridge.osc.client import BridgeClient
    from bridge.osc.codec import Message
    from tests.end_to_end.conftest import Daemon

KNOB = "/bridge/chain/plate/0/wet_level"


def run(client: BridgeClient, *request: object) -> dict[str, Any]:
    """Send a request that makes a job, wait for its good end, and return its manifest."""
    job = request[request.index("id") + 1]
    client.send(*request)  # type: ignore[arg-type]
    told: list[Message] = list(client.events(str(job), 120.0))
    assert told[-1].address == "/bridge/job/done", told[-1]
    manifest: dict[str, Any] = json.loads(Path(told[-1].arguments[1]).read_text())
    return manifest


def audio_of(manifest: dict[str, Any]) -> dict[str, Any]:
    return {stem["name"]: soundfile.read(stem["path"])[0] for stem in manifest["stems"]}


def test_a_turned_knob_is_heard_without_a_new_separation(daemon: Daemon, song: Path) -> None:
    left_over = daemon.folder / "data" / "stems" / ".half"
    with daemon.client() as client:
        first = run(
            client, "/bridge/run", "stems", "id", "a",
            "path", str(song), "model", "dsp", "post", "plate",
        )  # fmt: skip
        assert client.request(KNOB, 0.75, answer=f"{KNOB}/fader").arguments == (0.75,)
        again = run(client, "/bridge/again", "a", "id", "b")
        anew = run(client, "/bridge/again", "a", "id", "c", "reuse", False)
    assert (first["kept_from"], again["kept_from"], anew["kept_from"]) == (None, "a", None)
    before, after = audio_of(first), audio_of(again)
    assert list(before) == list(after)
    assert all(np.abs(before[name] - after[name]).max() > 1e-3 for name in ("drums", "other"))
    full = audio_of(anew)
    for name, audio in after.items():
        np.testing.assert_array_equal(audio, full[name])

    daemon.kill()
    left_over.mkdir()
    daemon.start()
    assert not left_over.exists()
    with daemon.client() as client:
        assert client.request(KNOB, 0.25, answer=KNOB).arguments == (0.25,)
        later = run(client, "/bridge/again", "b", "id", "d")
    assert later["kept_from"] == "c", "what was kept does not outlive the daemon"


def test_knobs_and_again_from_the_command_line(daemon: Daemon, song: Path) -> None:
    with daemon.client() as client:
        run(client, "/bridge/run", "stems", "id", "a", "path", str(song), "model", "dsp")
        client.request(KNOB, 0.75, answer=KNOB)
    again = daemon.command("again", "a", "--post", "plate", "--format", "flac", "--json")
    assert again.returncode == 0, again.stderr
    outcome = json.loads(again.stdout)
    assert {Path(stem["path"]).suffix for stem in outcome["stems"]} == {".flac"}
    assert json.loads(Path(outcome["manifest"]).read_text())["kept_from"] == "a"
    refused = daemon.command("again", "nobody")
    assert refused.returncode == 1
    assert "There is no job 'nobody'" in refused.stderr
    saved = daemon.command("chains", "save", "plate", "--as", "mine")
    assert saved.returncode == 0, saved.stderr
    path = Path(saved.stdout.strip())
    assert path == daemon.folder / "presets" / "chains" / "mine.toml"
    assert "wet_level = 0.75" in path.read_text()
