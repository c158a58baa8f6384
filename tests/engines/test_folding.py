from __future__ import annotations

import numpy as np
import pytest

from bridge.engines.folding import channel_names, fold, folding_matrix


@pytest.mark.parametrize("vorbis_order", [False, True])
@pytest.mark.parametrize("channels", range(1, 9))
def test_front_left_and_right_keep_their_level(channels: int, vorbis_order: bool) -> None:
    names = channel_names(channels, vorbis_order=vorbis_order)
    assert len(set(names)) == channels
    if channels == 1:
        return
    gains = folding_matrix(channels, vorbis_order=vorbis_order)
    assert gains[:, names.index("L")].tolist() == [1.0, 0.0]
    assert gains[:, names.index("R")].tolist() == [0.0, 1.0]


def test_five_one_is_folded_by_bs775() -> None:
    h = np.sqrt(0.5)
    want = [[1, 0, h, 0, h, 0], [0, 1, h, 0, 0, h]]
    np.testing.assert_allclose(folding_matrix(6), want, rtol=1e-6)


def test_five_one_in_vorbis_order_gives_the_same_sound() -> None:
    audio = np.random.default_rng(2).standard_normal((6, 50)).astype(np.float32)
    left, right, centre, lfe, ls, rs = audio
    vorbis = np.stack([left, centre, right, ls, rs, lfe])
    np.testing.assert_allclose(fold(vorbis, vorbis_order=True), fold(audio), atol=1e-6)


def test_every_pair_is_symmetric() -> None:
    for channels in range(2, 9):
        left, right = folding_matrix(channels)
        np.testing.assert_allclose(sorted(left), sorted(right))


@pytest.mark.parametrize("channels", [1, 2])
def test_mono_and_stereo_stay_as_they_are(channels: int) -> None:
    audio = np.ones((channels, 10), dtype=np.float32)
    assert fold(audio) is audio
