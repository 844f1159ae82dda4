"""Scores on published sets: only what the set labels counts, and what it labels otherwise counts as there."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from facefair_lib.parse import published_sets
from facefair_lib.settings.labels import IGNORE_INDEX, INDEX


def mask_of(*rows: list[str]) -> np.ndarray:
    return np.array([[INDEX.get(name, IGNORE_INDEX) for name in row] for row in rows], np.uint8)


def test_scores_are_those_of_all_pixels_of_a_set_in_the_sets_own_classes(monkeypatch: pytest.MonkeyPatch) -> None:
    truth = [mask_of(["face", "lips", "hair", "?"]), mask_of(["face", "face", "background", "background"])]
    seen = [mask_of(["specs", "teeth", "background", "hair"]), mask_of(["face", "hair", "background", "background"])]
    reader = SimpleNamespace(
        read=lambda: pd.DataFrame({"number": [0, 1]}), pair=lambda row: (seen[row["number"]], truth[row["number"]])
    )
    monkeypatch.setattr(published_sets, "open_reader", lambda source, folder: reader)
    parser = SimpleNamespace(parse=lambda image, faces: SimpleNamespace(mask=image))
    found = published_sets.scores_by_class(parser, "fasseg", Path("anywhere"))
    assert list(found.index) == ["hair", "skin", "nose", "mouth", "eyes"]
    f1, precision, recall = (found[name] for name in ("f1", "precision", "recall"))
    assert precision["skin"] == 1  # spectacles are skin in FASSEG
    assert recall["skin"] == pytest.approx(2 / 3)
    assert f1["skin"] == pytest.approx(2 * 2 / (3 + 2))
    assert f1["mouth"] == 1  # and teeth are mouth
    assert f1["hair"] == 0
    assert f1[["nose", "eyes"]].isna().all()
    assert found.attrs["pictures"] == 2
