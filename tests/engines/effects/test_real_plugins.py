"""Plugins made by others, where some are installed: `apt install zam-plugins` has VST3 effects."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bridge.engines.audio import Audio, DiskBuffer
from bridge.engines.effects.plugins_library import standard_folders
from bridge.errors import PluginFailedError
from tests.engines.effects.plugin_chains import chain_of, plugin_effect
from tests.engines.takes import noise

if TYPE_CHECKING:
    from bridge.engines.effects.chain_spec import EffectSpec
    from bridge.engines.effects.host import EffectsHost

RATE = 44_100
TIMEOUT_S = 120.0


def installed(name: str) -> Path:
    paths = (folder / f"{name}.vst3" for folder in standard_folders())
    found = next((path for path in paths if path.exists()), None)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def through(host: EffectsHost, folder: Path, audio: Audio, effect: EffectSpec) -> Audio:
    buffer = DiskBuffer.of(folder / "in.f32", audio, RATE)
    done = host.run(chain_of(effect), buffer, folder / "out.f32", lambda _: None, TIMEOUT_S)
    assert (done.channels, done.frames) == audio.shape
    return done.read()


def test_a_limiter_that_looks_ahead_stays_in_time(host: EffectsHost, tmp_path: Path) -> None:
    limiter = plugin_effect(installed("ZaMaximX2"), parameters={"output_ceiling_db": -6.0})
    audio = noise(1.0)
    out = through(host, tmp_path, audio, limiter)
    correlation = np.correlate(out[0, 10_000:20_000], audio[0, 10_000:20_000], mode="full")
    assert int(correlation.argmax()) == 9_999  # it reports 480 samples
    loud = np.clip(10 * audio, -1.0, 1.0).astype(np.float32)
    assert np.abs(through(host, tmp_path, loud, limiter)).max() < 0.56


def test_a_mono_plugin_takes_stereo(host: EffectsHost, tmp_path: Path) -> None:
    made_up = plugin_effect(installed("ZamComp"), parameters={"makeup_db": 6.0})
    audio = noise(0.5)
    audio[1] *= 0.5
    out = through(host, tmp_path, audio, made_up)
    np.testing.assert_allclose(np.std(out, axis=1) / np.std(audio, axis=1), 2.0, rtol=0.05)


def test_a_wrong_parameter_names_the_nearest(host: EffectsHost, tmp_path: Path) -> None:
    path = installed("ZamComp")
    for parameters, sentence in (
        ({"treshold_db": -3.0}, "'treshold_db'. Did you mean 'threshold_db'"),
        ({"threshold_db": 3.0}, "must be a number from -80 to 0 .dB"),
        ({"current_program": "Loud"}, "one of Zero, PoppySnare, VocalLeveller"),
    ):
        with pytest.raises(PluginFailedError, match=sentence):
            through(host, tmp_path, noise(0.1), plugin_effect(path, parameters=parameters))


# In a process of its own: a library built with -ffast-math, as this one is, makes the thread that
# loads it flush subnormal numbers to zero from then on.
STATE_OF = """
import base64, sys
import numpy as np
import pedalboard

plugin = pedalboard.VST3Plugin(sys.argv[1])
plugin.makeup_db = 6.0
plugin.process(np.zeros((2, 4410), np.float32), 44100)  # it takes parameters over when it processes
print(base64.b64encode(plugin.raw_state).decode())
"""


def test_a_state_is_restored(host: EffectsHost, tmp_path: Path) -> None:
    path = installed("ZamCompX2")
    saved = subprocess.run(
        [sys.executable, "-c", STATE_OF, str(path)], capture_output=True, text=True, check=True
    )
    audio = noise(0.5)
    state = saved.stdout.split()[-1]
    out = through(host, tmp_path, audio, plugin_effect(path, state=state))
    assert abs(np.std(out) / np.std(audio) - 2.0) < 0.1
