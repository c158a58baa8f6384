"""The log: lines that programs read, with the job, in files that do not grow without end."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bridge import logs
from bridge.logs import LOG_NAME, MESSAGE_CHARACTERS, OLD_FILES, JsonLines, relay, set_up

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, left as it was found."""
    found = logging.getLogger()
    handlers, level = list(found.handlers), found.level
    yield found
    for handler in set(found.handlers) - set(handlers):
        found.removeHandler(handler)
        handler.close()
    found.setLevel(level)


def lines(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / LOG_NAME).read_text("utf-8").splitlines()]


def test_a_line_tells_the_job(tmp_path: Path, root: logging.Logger) -> None:
    set_up(tmp_path, "info")
    logging.getLogger("bridge.x").warning("failed: %s", "ü\n", extra={"job": "a"})
    logging.getLogger("bridge.x").debug("not told")
    (line,) = lines(tmp_path)
    assert (line["level"], line["job"], line["message"]) == ("WARNING", "a", "failed: ü\n")
    assert str(line["time"]).endswith("+00:00")


def test_it_does_not_grow_without_end(
    tmp_path: Path, root: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "FILE_BYTES", 10_000)
    set_up(tmp_path, "info")
    for _ in range(2000):
        logging.getLogger("bridge.x").info("x" * 100)
    files = list(tmp_path.iterdir())
    assert len(files) == OLD_FILES + 1
    assert sum(path.stat().st_size for path in files) <= 10_000 * len(files)


def test_a_long_message_is_cut(tmp_path: Path, root: logging.Logger) -> None:
    set_up(tmp_path, "info")
    logging.getLogger("bridge.x").info("x" * 1_000_000)
    assert (tmp_path / LOG_NAME).stat().st_size < 2 * MESSAGE_CHARACTERS


def test_what_a_worker_says_keeps_its_level_and_gets_its_job(
    caplog: pytest.LogCaptureFixture,
) -> None:
    record = logging.LogRecord("bridge.y", logging.ERROR, "", 0, "job failed", None, None)
    try:
        int("inside")
    except ValueError:
        record.exc_info = sys.exc_info()
    with caplog.at_level("INFO"):
        relay(JsonLines().format(record).encode(), "a", 123)
        relay(b"libsndfile: what a library prints\n", "a", 123)
        relay(b'{"level": "LOUD", "logger": 1}', None, 123)
        relay(b"\xff\xfe", None, 123)
        relay(b"\n", None, 123)
    first, second, *rest = caplog.records
    assert (first.levelname, first.name, first.job) == ("ERROR", "bridge.y", "a")  # type: ignore[attr-defined]
    assert "ValueError: invalid literal" in first.getMessage()
    assert second.getMessage() == "libsndfile: what a library prints"
    assert len(rest) == 2
