"""The contact sheets of the documentation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from facefair_heads.sets import gallery

SOME = ("heads_hair", "heads_multiperson", "heads_label_conventions")


def test_sheets_are_drawn_with_as_many_pictures_in_a_row_as_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["gallery", "--folder", str(tmp_path), "--size", "16", "--only", *SOME])
    gallery.main()
    assert {path.stem for path in tmp_path.iterdir()} == set(SOME)
    for name in SOME:
        columns = gallery.SHEETS[name][1]
        picture = np.asarray(Image.open(tmp_path / f"{name}.jpg"))
        assert picture.shape[1] >= 16 * columns and picture.std() > 5, name
