"""An earlier job's files for a new one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from bridge.engines.manifest import write_manifest
from bridge.engines.reuse import _bring, reuse
from bridge.models import ClipsFile, Manifest, ManifestClip, RunOptions, Timing
from tests.engines.takes import make_take, noise


def test_clips_and_the_file_with_all_of_them_come_along(tmp_path: Path) -> None:
    take = make_take(tmp_path, {"mix": noise(0.1)})
    made, wanted = tmp_path / "made", tmp_path / "wanted"
    made.mkdir()
    for name in ("bass.mid", "all.mid"):
        (made / name).write_bytes(name.encode())
    manifest = Manifest(
        protocol=1,
        version="1",
        job="earlier",
        recipe="stems",
        state="done",
        source=take.source,
        timing=Timing(tempo=120.0, meter="4/4", tempo_from="default", meter_from="default"),
        model=None,
        device="cpu",
        options=RunOptions(),
        stages=take.order.job.stages,
        stems=(),
        clips=(
            ManifestClip(
                stem="bass",
                path=str(made / "bass.mid"),
                note_count=1,
                track_name="bass",
                instrument_role="bass",
            ),
        ),
        clips_file=ClipsFile(path=str(made / "all.mid"), clip_count=1, note_count=1),
        warnings=(),
        seconds_per_stage={},
    )
    write_manifest(manifest, made / "manifest.json")
    options = RunOptions(output=str(wanted))
    job = take.order.job.model_copy(update={"output": str(wanted), "options": options})

    found = reuse(job, made / "manifest.json")

    assert (wanted / "all.mid").read_bytes() == b"all.mid"
    own = Manifest.model_validate_json(found.manifest.read_text())
    assert own.clips_file is not None
    assert own.clips_file.path == found.moved[str(made / "all.mid")] == str(wanted / "all.mid")
    assert own.clips[0].path == str(wanted / "bass.mid")


def test_jobs_that_take_the_same_result_at_once_get_names_of_their_own(tmp_path: Path) -> None:
    """Both found the name free, and the later copy replaced the earlier one."""
    made, wanted = tmp_path / "made", tmp_path / "wanted"
    made.mkdir()
    source = made / "song - bass.mid"
    source.write_bytes(b"bass")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda n: _bring(source, wanted, f"job-{n}"), range(40)))
    assert len(set(found)) == 40
    assert {path.read_bytes() for path in found} == {b"bass"}
    assert sorted(wanted.iterdir()) == sorted(found), "something else was left"
