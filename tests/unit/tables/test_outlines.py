"""Outlines as a second endpoint: an error in shares of the distance between the eyes, compared between groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from facefair_lib.scores.outline_errors import MISSED, OUTLINES
from facefair_lib.settings.labels import GROUPS, INDEX
from facefair_lib.tables.outline_errors import outlines_table


def heads(per_group: int) -> tuple[np.ndarray, pd.DataFrame]:
    labels = np.zeros((3 * per_group, 40, 40), np.uint8)
    labels[:, 5:35, 5:35] = INDEX["face"]
    labels[:, 12:15, 10:14] = labels[:, 12:15, 26:30] = INDEX["eyes"]  # 16 pixels apart
    labels[:, 26:30, 15:25] = INDEX["lips"]
    people = pd.DataFrame({"group": np.repeat(GROUPS, per_group), "matched_set": np.tile(range(per_group), 3)})
    return labels, people.assign(subject_id=[f"person_{n}" for n in range(len(people))])


def test_the_group_whose_outlines_are_off_is_found_and_missed_parts_count() -> None:
    labels, people = heads(12)
    masks = labels.copy()
    black = (people["group"] == "black").to_numpy()
    masks[black, 5:7] = 0  # the upper rim of their faces, two pixels off
    masks[0, 26:30, 15:25] = INDEX["face"]  # one person's lips are missed
    rows = outlines_table(labels, {"pspnet": masks}, people, permutations=199).set_index(["group", "class"])
    face = rows.loc[("black", "face")]
    assert 0 < face["value"] < 2 / 16 and face["relative"] > 0 and face["p_adjusted"] < 0.05
    assert rows.loc[("asian", "lips"), "value"] == pytest.approx(MISSED / 12)
    assert rows.loc[("asian", "eyes"), "value"] == 0
    assert set(rows.index.get_level_values("class")) == set(OUTLINES)
    assert rows.loc[("asian", "hair"), "n_images"] == 0


def test_outlines_of_people_without_a_group_are_not_compared() -> None:
    labels, people = heads(2)
    alone = (people["group"] == "asian").to_numpy()
    assert outlines_table(labels[alone], {"pspnet": labels[alone]}, people[alone]).empty
