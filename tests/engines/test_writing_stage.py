from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from bridge.engines.writing_stage import WriteStage
from bridge.errors import BadArgumentsError, JobCancelled, PresetError
from bridge.models import RunOptions
from tests.engines.takes import Presets, RememberingReport, make_take, noise


def run(
    folder: Path, stems: dict[str, np.ndarray], sample_rate: int = 44_100, **options: Any
) -> RememberingReport:
    stage, report = WriteStage(), RememberingReport()
    plan = stage.plan({}, RunOptions.model_validate(options), Presets())
    stage.run(make_take(folder, stems, sample_rate=sample_rate, **options), plan, report)
    return report


def test_every_stem_becomes_a_file_of_the_same_length(tmp_path: Path) -> None:
    stems = {"vocals": noise(1.0, seed=1), "rest": noise(1.0, seed=2)}
    report = run(tmp_path, stems, track="Lead", position=2.0)
    assert [stem.name for stem in report.stems] == ["vocals", "rest"]
    for stem in report.stems:
        assert Path(stem.path) == tmp_path / "out" / f"Lead - {stem.name}.wav"
        read, rate = soundfile.read(stem.path, dtype="float32", always_2d=True)
        np.testing.assert_array_equal(read.T, stems[stem.name])
        assert (rate, stem.frames, stem.channels) == (44_100, 44_100, 2)
        assert stem.duration_s == 1.0
        assert not stem.silent
        assert stem.loudness_lufs is not None
        data = Path(stem.path).read_bytes()
        at = data.index(b"bext") + 8 + 338
        assert int.from_bytes(data[at : at + 8], "little") == 88_200
    assert report.fractions == sorted(report.fractions)
    assert report.fractions[-1] == 1.0


def test_an_unseparated_take_gives_the_mix(tmp_path: Path) -> None:
    report = run(tmp_path, {"mix": noise(0.1)}, format="flac")
    assert [Path(stem.path).name for stem in report.stems] == ["song - mix.flac"]


def test_the_results_have_the_rate_that_is_asked_for(tmp_path: Path) -> None:
    report = run(tmp_path, {"mix": noise(1.0)}, rate=48_000)
    assert (report.stems[0].sample_rate, report.stems[0].frames) == (48_000, 48_000)
    assert soundfile.info(report.stems[0].path).samplerate == 48_000


def test_an_mp3_of_96_khz_has_48_and_says_so_once(tmp_path: Path) -> None:
    stems = {"a": noise(0.5, sample_rate=96_000), "b": noise(0.5, sample_rate=96_000)}
    report = run(tmp_path, stems, sample_rate=96_000, format="mp3", bitrate=128)
    assert report.codes == ["mp3_rate"]
    assert [(stem.sample_rate, stem.frames) for stem in report.stems] == [(48_000, 24_000)] * 2


def test_clipping_is_warned_of_with_the_peak(tmp_path: Path) -> None:
    loud = noise(0.1)
    loud[0, 5] = 2.0
    report = run(tmp_path, {"drums": loud, "bass": noise(0.1)}, format="wav16")
    assert report.codes == ["clipped_output"]
    assert "'drums' peaks at +6.0 dBFS" in report.warnings[0][1]


def test_a_silent_stem_says_so(tmp_path: Path) -> None:
    stem = run(tmp_path, {"vocals": np.zeros((2, 44_100), dtype=np.float32)}).stems[0]
    assert stem.silent
    assert stem.loudness_lufs is None
    assert stem.peak_dbfs == -144.0


def test_cancelling_keeps_what_was_announced_and_nothing_else(tmp_path: Path) -> None:
    report = RememberingReport(cancel_after=0.75)
    take = make_take(tmp_path, {"a": noise(8.0), "b": noise(8.0)})
    plan = WriteStage().plan({}, RunOptions(), Presets())
    with pytest.raises(JobCancelled):
        WriteStage().run(take, plan, report)
    assert [stem.name for stem in report.stems] == ["a"]
    assert [path.name for path in take.output_folder.iterdir()] == ["song - a.wav"]


@pytest.mark.parametrize(("asked", "near"), [(250, 256), (32, 64)])
def test_a_bitrate_that_mp3_does_not_have_is_refused(asked: int, near: int) -> None:
    options = RunOptions.model_validate({"format": "mp3", "bitrate": asked})
    with pytest.raises(BadArgumentsError, match=rf"{asked} kbit/s.*nearest is {near}"):
        WriteStage().plan({}, options, Presets())


def test_a_recipe_cannot_set_what_is_the_runs(tmp_path: Path) -> None:
    with pytest.raises(PresetError, match="sets format"):
        WriteStage().plan({"format": "flac"}, RunOptions(), Presets())
