"""Rendered faces of the lessons."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from facefair_course import faces


def test_what_is_kept_is_made_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faces.paths, "cache_dir", lambda: tmp_path)
    calls = []
    make = lambda: calls.append(1) or {"images": np.arange(3)}  # noqa: E731
    first, second = faces._kept("x", make), faces._kept("x", make)
    assert first["images"].tolist() == second["images"].tolist() == [0, 1, 2]
    assert len(calls) == 1
    assert [path.name for path in tmp_path.rglob("*.npz")] == ["x.npz"]


def test_more_people_begin_with_the_same_people() -> None:
    few, more = faces.faces(1, size=32), faces.faces(2, size=32)
    assert np.array_equal(few.images, more.images[:1])
    assert list(more.table.columns) == ["person", "group", "gender", "emotion", "skin_tone"]
    assert more.masks.shape == (2, 32, 32)
    assert len(more) == 2


def test_another_tone_changes_the_picture_and_not_the_mask() -> None:
    images, masks = faces.same_person_in_tones(1, (2, 9), size=32)
    assert np.array_equal(masks[0, 0], masks[0, 1])
    assert images[0, 0].mean() > images[0, 1].mean()


def test_the_portrait_shows_every_class() -> None:
    image, mask = faces.portrait(128)
    assert image.shape == (128, 128, 3)
    assert set(np.unique(mask)) == set(range(11))
