"""Fetches a Demucs model's weights into the Hugging Face hub's cache.

Demucs' own loader does it, in a child process, because a download inside a library can be neither
bounded nor cancelled, and because Demucs' public loader would go on to a second server. The child
is this module: ``python -m bridge.engines.separation.fetching htdemucs``.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from typing import TYPE_CHECKING, Any

from bridge.engines.separation import catalogue, model_files
from bridge.errors import ModelUnavailableError, UnknownModelError, nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

POLL_S = 0.2
_GRACE_S = 2.0

REACH_TIMEOUT_S = 5.0
"""How long the hub may take to answer at all."""

UNREACHABLE = 3
"""Exit status of the child when the hub does not answer."""

UNREACHABLE_REASON = "the Hugging Face hub cannot be reached"


def fetch(
    name: str,
    *,
    timeout_s: float,
    limit_s: float | None = None,
    offline: bool = False,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Fetch a model's weights, if they are not here yet.

    Parameters
    ----------
    name
        A name of `catalogue.DOWNLOADS`.
    timeout_s
        The download is given up when the cache has not grown for this long.
    limit_s
        The download is given up after this long even if it grows; None waits.
    offline
        Do not try.
    progress
        Called several times a second with the bytes fetched so far. What it raises ends the
        download and is let through.

    Raises
    ------
    UnknownModelError
        If it is none of Demucs' models.
    ModelUnavailableError
        If the weights are still not here afterwards; the message says why and what to do.
    """
    row = catalogue.download_of(name)
    if row is None:
        names = [known.name for known in catalogue.DOWNLOADS]
        raise UnknownModelError(
            f"'{name}' is not a model that can be fetched.{nearest(name, names)} "
            f"These are: {', '.join(names)}."
        )
    if model_files.cached_snapshot(row.name, row.repository) is not None:
        return
    if offline:
        raise ModelUnavailableError(
            f"The weights of {name} are not here, and the settings say offline. {_advice(name)}"
        )
    blobs = model_files.repository_folder(row.repository) / "blobs"
    with tempfile.TemporaryFile() as errors, _child(name, errors, blobs) as child:
        reason = _watch(child, blobs, timeout_s, limit_s, progress or (lambda _: None))
        if child.returncode == UNREACHABLE:
            reason = UNREACHABLE_REASON
        elif reason is None and child.returncode != 0:
            errors.seek(0)
            reason = _reason(errors.read().decode("utf-8", "replace"))
    if reason is None and model_files.cached_snapshot(row.name, row.repository) is None:
        reason = f"they did not arrive in {model_files.hub_cache()}"
    if reason is not None:
        raise ModelUnavailableError(
            f"The weights of {name} are not here: {reason}. {_advice(name)}"
        )


def _watch(
    child: subprocess.Popen[bytes],
    blobs: Path,
    timeout_s: float,
    limit_s: float | None,
    progress: Callable[[int], None],
) -> str | None:
    """Wait for the child; return why it was given up, or None if it ended by itself."""
    began = grew = time.monotonic()
    before = size = _size(blobs)
    while child.poll() is None:
        progress(max(0, size - before))
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(POLL_S)
        now = time.monotonic()
        latest = _size(blobs)
        if latest != size:
            size, grew = latest, now
        if now - grew > timeout_s:
            return f"nothing arrived for {timeout_s:g} s"
        if limit_s is not None and now - began > limit_s:
            return f"the download was not done after {limit_s:g} s"
    return None


@contextlib.contextmanager
def _child(name: str, errors: Any, blobs: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run the downloading child; when the block ends it is gone, and so is what it left half."""
    earlier = set(blobs.glob("*.incomplete"))
    environment = {
        **os.environ,
        # Xet's transfers do not grow the cache while they run, and so could not be watched.
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    child = subprocess.Popen(
        [sys.executable, "-m", __name__, name],
        stdin=subprocess.PIPE,  # ends with this process: see main()
        stdout=subprocess.DEVNULL,
        stderr=errors,
        env=environment,
    )
    try:
        yield child
    finally:
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        assert child.stdin is not None
        child.stdin.close()
        for partial in set(blobs.glob("*.incomplete")) - earlier:
            partial.unlink(missing_ok=True)


def _size(blobs: Path) -> int:
    total = 0
    for path in blobs.glob("*"):
        with contextlib.suppress(FileNotFoundError):  # renamed just now
            total += path.stat().st_size
    return total


def _reason(traceback: str) -> str:
    """Return why the child failed, from the last line that it wrote."""
    error = (traceback.strip().splitlines() or ["without a word"])[-1]
    if "LocalEntryNotFoundError" in error:
        return UNREACHABLE_REASON
    return f"the download failed ({error.rpartition('errors.')[2]})"


def _advice(name: str) -> str:
    return (
        f"Connect to the internet and run `dawbridge models --fetch {name}`, or copy the model "
        "into the models folder."
    )


def main(name: str) -> None:
    """Fetch a model in this process; end when the parent does."""
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _reach_hub()
    from demucs.hf import get_hf_model

    get_hf_model(name)


def _reach_hub() -> None:
    """Leave at once if the hub does not answer: its own loader would try for half a minute."""
    from huggingface_hub import constants, get_session

    try:
        get_session().head(constants.ENDPOINT, timeout=REACH_TIMEOUT_S)
    except Exception as exc:  # noqa: BLE001 - whatever its HTTP library raises
        sys.stderr.write(f"{exc}\n")
        sys.exit(UNREACHABLE)


def _end_with_parent() -> None:
    # Not sys.stdin, whose lock is held while it reads and breaks the interpreter's own end.
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    main(sys.argv[1])
