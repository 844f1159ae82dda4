"""Outlines as a second endpoint: an error in shares of the distance between the eyes, compared between groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from facefair_lib.scores.outline_errors import MISSED, OUTLINES, boundary_error, outline_shares
from facefair_lib.settings.labels import GROUPS, INDEX
from facefair_lib.tables.outline_errors import outlines_table


def heads(per_group: int) -> tuple[np.ndarray, pd.DataFrame]:
    labels = np.zeros((3 * per_group, 40, 40), np.uint8)
    labels[:, 5:35, 5:35] = INDEX["face"]
    labels[:, 12:15, 10:14] = labels[:, 12:15, 26:30] = INDEX["eyes"]  # 16 pixels apart
    labels[:, 26:30, 15:25] = INDEX["lips"]
    people = pd.DataFrame({"group": np.repeat(GROUPS, per_group), "matched_set": np.tile(range(per_group), 3)})
    return labels, people.assign(subject_id=[f"person_{n}" for n in range(len(people))])


def test_outlines_are_off_in_shares_of_the_distance_between_the_eyes_of_the_picture() -> None:
    labels, _ = heads(1)
    small, blind = labels[0], labels[0].copy()
    blind[blind == INDEX["eyes"]] = INDEX["face"]  # measured by the others' median distance
    wide = small.copy()
    wide[wide == INDEX["eyes"]] = INDEX["face"]
    wide[12:15, 6:10] = wide[12:15, 30:34] = INDEX["eyes"]  # 24 pixels apart
    labels = np.stack([small, wide, small, blind])
    masks = labels.copy()
    masks[:, 27:31, 15:25], masks[:, 26:27, 15:25] = INDEX["lips"], INDEX["face"]  # lips one pixel too low
    masks[2, 26:31, 15:25] = INDEX["face"]  # or missed
    shares = outline_shares(labels, masks)
    assert shares.shape == (4, len(OUTLINES))
    lips, hair, eyes = (OUTLINES.index(name) for name in ("lips", "hair", "eyes"))
    distance = boundary_error(labels[:1], masks[:1])[0, INDEX["lips"]]  # pixels
    assert 0 < distance < 1
    np.testing.assert_allclose(shares[:, lips], [distance / 16, distance / 24, MISSED, distance / 16])
    assert np.isnan(shares[:, hair]).all(), "nobody shows hair"
    assert (shares[:3, eyes] == 0).all() and np.isnan(shares[3, eyes])


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
