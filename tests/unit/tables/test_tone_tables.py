"""The tone curve: known curves come back, each group by its own tones, and causes that were put in are found."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from facefair_heads.people.population import tone_shares
from facefair_lib.settings.labels import GROUPS, INDEX, NUM_CLASSES
from facefair_lib.tables.checks import on_curve
from facefair_lib.tables.tone_causes import (
    tone_cameras_table,
    tone_confusions_table,
    tone_contrasts_table,
)
from facefair_lib.tables.tone_curve import tone_effects_table, tone_groups_table, tones_table

TYPICAL = {"asian": 4.0, "black": 7.0, "caucasian": 3.0}
CURVE = {1.0: 0.02, 3.0: 0.01, 4.0: 0.03, 7.0: -0.03, 9.0: -0.08, 10.0: -0.1}
FACE, HAIR, NOSE = INDEX["face"], INDEX["hair"], INDEX["nose"]
PIXELS = 1_000_000


def people_at_tones(identities: int) -> pd.DataFrame:
    """Every identity as each group at the typical tones, and as its own group (in turn) at further ones and relit."""
    rows = []
    for number in range(identities):
        own = GROUPS[number % 3]
        rows += [(number, group, tone, "factorial") for group in GROUPS for tone in TYPICAL.values()]
        rows += [(number, own, tone, "tone") for tone in (1.0, 9.0, 10.0)]
        rows += [(number, own, tone, design) for design in ("exposed", "noiseless") for tone in (9.0, 10.0)]
    people = pd.DataFrame(rows, columns=["number", "group", "skin_tone", "design"])
    names = [f"picture_{place}" for place in range(len(people))]
    return people.assign(subject_id="identity_" + people["number"].astype(str), image_id=names)


def counts_of(scores: np.ndarray) -> np.ndarray:
    """Counts of pictures whose fixed-class IoU is ``scores`` (N,): all face, the rest called nose."""
    counts = np.zeros((len(scores), NUM_CLASSES, NUM_CLASSES), np.int64)
    counts[:, FACE, FACE] = np.round(np.asarray(scores) * PIXELS)
    counts[:, FACE, NOSE] = PIXELS - counts[:, FACE, FACE]
    return counts


def scores_of(people: pd.DataFrame, noise: float = 0.0) -> np.ndarray:
    """Scores to which identity and tone add; pictures of another group than the own, and relit ones, are far off."""
    own = people["number"].to_numpy() / 50
    scores = 0.3 + own + people["skin_tone"].map(CURVE).to_numpy()
    other = people["group"].to_numpy() != np.array(GROUPS)[people["number"] % 3]
    return np.where(other | people["design"].isin(["exposed", "noiseless"]), 0.9, scores) + (
        np.random.default_rng(3).normal(0, noise, len(people))
    )


def test_on_the_curve_are_people_as_the_group_they_are_at_every_tone_as_the_camera_sees_them() -> None:
    people = people_at_tones(6).sample(frac=1, random_state=0)
    shown = people[on_curve(people)]
    assert (shown["group"].to_numpy() == np.array(GROUPS)[shown["number"] % 3]).all()
    assert sorted(zip(shown["number"], shown["skin_tone"], strict=True)) == [(n, t) for n in range(6) for t in CURVE]
    assert set(shown["design"]) == {"factorial", "tone"}
    assert not on_curve(people[people["design"] != "tone"]).any(), "nothing tells which group somebody is"


def test_the_curve_shows_everybody_as_the_group_they_are_and_relative_to_their_own_mean() -> None:
    people = people_at_tones(6)
    table = tones_table({"m": counts_of(scores_of(people))}, people, replicates=100, permutations=50)
    assert table["skin_tone"].tolist() == list(CURVE)
    assert set(table["n_subjects"]) == set(table["n_images"]) == {6}
    centred = np.array(list(CURVE.values())) - np.mean(list(CURVE.values()))
    np.testing.assert_allclose(table["relative"], centred, atol=1e-5)
    np.testing.assert_allclose(table["relative_high"], table["relative_low"], atol=1e-5)
    assert (table["high"] - table["low"] > 0.01).all()
    np.testing.assert_allclose(table["difference"], np.array(list(CURVE.values())) - 0.03, atol=1e-5)


def test_a_fall_is_clear_and_no_fall_is_not_however_the_best_tone_was_found() -> None:
    people = people_at_tones(16)
    clear = tones_table({"m": counts_of(scores_of(people, 0.01))}, people, replicates=50, permutations=400).set_index(
        "skin_tone"
    )
    assert clear.loc[10, "p_adjusted"] < 0.01 and clear.loc[10, "difference_high"] < -0.1
    assert np.isnan(clear.loc[4, "p_adjusted"]) and clear.loc[4, "difference"] == 0
    flat, false = 0.5 + 0.02 * np.random.default_rng(0).normal(size=(30, len(people))), 0
    for scores in flat:
        table = tones_table({"m": counts_of(scores)}, people, replicates=50, permutations=100)
        false += (table["p_adjusted"] < 0.05).any()
    assert false <= 4, "chosen as the best of six, a tone would be ahead of some other in a third of the cases"


def test_a_groups_score_is_the_mean_over_its_tones_and_not_that_of_its_mean_tone() -> None:
    people = people_at_tones(9)
    counts = {"m": counts_of(scores_of(people))}
    shares = lambda group, tones: np.array([tone == (10 if group == "black" else 4) for tone in tones], float)  # noqa: E731
    groups = tone_groups_table(counts, people, shares, replicates=50).set_index("group")["relative"]
    assert groups["asian"] - groups["black"] == pytest.approx(0.13, abs=1e-5)
    effects = tone_effects_table(counts, people, shares, TYPICAL, permutations=50)
    effects = effects.set_index(["tones", "contrast"])["difference"]
    assert effects["own", "asian-black"] == pytest.approx(0.13, abs=1e-5)
    assert effects["own", "asian-caucasian"] == pytest.approx(0, abs=1e-5)
    assert effects["typical", "asian-black"] == pytest.approx(0.06, abs=1e-5)
    assert effects["typical", "black-caucasian"] == pytest.approx(-0.04, abs=1e-5)


@pytest.mark.parametrize("group", GROUPS)
def test_the_weights_of_tones_are_those_of_the_people_as_drawn(group: str) -> None:
    from facefair_heads.people.population import sample_person

    drawn = np.array([sample_person(seed, group=group).skin_tone for seed in range(300)])
    shares = tone_shares(group, range(1, 11))
    assert shares.sum() == pytest.approx(1)
    assert shares @ np.arange(1, 11) == pytest.approx(drawn.mean(), abs=0.25)
    assert shares[8:].sum() == pytest.approx((drawn > 8.5).mean(), abs=0.05)


def test_without_further_tones_there_is_no_curve() -> None:
    people = people_at_tones(3)
    people = people[people["design"] == "factorial"].reset_index(drop=True)
    counts = {"m": counts_of(np.full(len(people), 0.5))}
    pictures = np.zeros((len(people), 4, 4, 3), np.uint8), np.zeros((len(people), 4, 4), np.uint8)
    assert tones_table(counts, people).empty
    assert tone_groups_table(counts, people, tone_shares).empty
    assert tone_effects_table(counts, people, tone_shares, TYPICAL).empty
    assert tone_confusions_table(counts, people).empty
    assert tone_cameras_table(counts, people).empty
    assert tone_contrasts_table(*pictures, people).empty


def test_what_is_confused_in_the_dark_only_comes_first() -> None:
    people = people_at_tones(12)
    counts = counts_of(np.full(len(people), 0.9))  # a tenth of the face is called nose at every tone
    dark = (people["skin_tone"] >= 9).to_numpy()
    counts[dark, FACE, HAIR], counts[dark, FACE, FACE] = 200_000, 700_000
    counts[people["number"] < 3, HAIR, HAIR] = 100  # three people have hair, and it is always found
    table = tone_confusions_table({"m": counts}, people, permutations=100)
    first = table.iloc[0]
    assert (first["target"], first["predicted"]) == ("face", "hair")
    assert (first["middle"], first["dark"], first["difference"]) == pytest.approx((0, 0.2, 0.2))
    assert first["p_adjusted"] < 0.05 and first["n_subjects"] == 12
    nose = table.set_index(["target", "predicted"]).loc[("face", "nose")]
    assert (nose["middle"], nose["difference"]) == pytest.approx((0.1, 0))
    assert len(table) == 2, "what is hardly ever confused, or shown by few, is not listed"


def test_a_change_of_camera_is_compared_with_the_same_person_and_tone() -> None:
    people = people_at_tones(12)
    scores = 0.5 + people["number"].to_numpy() / 100 - 0.3 * (people["skin_tone"] >= 9)
    scores += 0.1 * (people["design"] == "exposed")
    table = tone_cameras_table({"m": counts_of(scores)}, people, permutations=100).set_index(["design", "skin_tone"])
    np.testing.assert_allclose(table["difference"], [0.1, 0.1, 0, 0], atol=1e-6)
    np.testing.assert_allclose(table["middle"] - table["plain"], 0.3, atol=1e-6)
    assert (table.loc["exposed", "p_adjusted"] < 0.05).all() and (table.loc["noiseless", "p_adjusted"] > 0.05).all()


def test_contrast_is_the_distance_of_colours_as_seen() -> None:
    people = people_at_tones(6)
    labels = np.zeros((len(people), 4, 4), np.uint8)
    labels[:, :2, :2], labels[:, 2:, :] = FACE, HAIR
    images = np.zeros((len(people), 4, 4, 3), np.uint8)
    images[labels == FACE] = 119  # L* 50
    images[(people["skin_tone"] >= 9).to_numpy()] = 0
    table = tone_contrasts_table(images, labels, people, replicates=50).set_index(["measure", "skin_tone"])["value"]
    assert table["lightness", 4] == pytest.approx(50, abs=0.1)
    assert table["face_hair", 1] == table["face_background", 7] == pytest.approx(50, abs=0.1)
    assert table["face_hair", 10] == table["lightness", 9] == 0
