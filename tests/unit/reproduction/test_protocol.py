"""Each item of the protocol changes its own thing and nothing else."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest

from facefair_lib.errors import InputError
from facefair_lib.reproduction.colours import nearest_labels
from facefair_lib.reproduction.pool import divide
from facefair_lib.reproduction.protocol import AS_CORRECTED, AS_PUBLISHED, CORRECTIONS, Protocol, protocols
from facefair_lib.reproduction.run import network_inputs, network_targets


def test_the_defaults_are_what_the_course_paper_did():
    assert Protocol() == AS_PUBLISHED
    assert (AS_PUBLISHED.learning_rate, AS_PUBLISHED.batch_size, AS_PUBLISHED.split_seed) == (1e-4, 4, 100)


def test_every_correction_changes_something_and_no_two_change_the_same():
    changed = [name for correction in CORRECTIONS for name in correction.changes]
    assert len(changed) == len(set(changed))
    for correction in CORRECTIONS:
        assert all(getattr(AS_PUBLISHED, name) != value for name, value in correction.changes.items())


def test_the_ladder_leads_from_published_to_corrected_one_correction_at_a_time():
    steps = [protocol for _, _, protocol in protocols()]
    assert (steps[0], steps[-1]) == (AS_PUBLISHED, AS_CORRECTED)
    for before, after, correction in zip(steps, steps[1:], CORRECTIONS, strict=False):
        different = {f.name for f in fields(Protocol) if getattr(before, f.name) != getattr(after, f.name)}
        assert different == set(correction.changes)


@pytest.mark.parametrize(
    ("change", "shared"),
    [
        ({"spurious_zero": False}, True), ({"iou_thresholds": (0.0, 0.1)}, True), ({"display": "labels"}, True),
        ({"masks": "nearest"}, False),
    ],
)  # fmt: skip
def test_items_of_scoring_and_display_share_a_fit_and_others_do_not(change, shared):
    assert (replace(AS_PUBLISHED, **change).fitting == AS_PUBLISHED) == shared


def test_the_studys_own_fit_refuses_items_that_it_does_not_know():
    with pytest.raises(InputError, match="channel_order"):
        replace(AS_CORRECTED, channel_order="bgr")


def inputs_and_targets(pool, **changes):
    protocol = replace(AS_PUBLISHED, **changes)
    return network_inputs(pool.images, protocol), network_targets(pool, protocol)


def test_channel_order_normalisation_and_masks_touch_what_they_name(pool):
    inputs, targets = inputs_and_targets(pool)
    turned = inputs_and_targets(pool, channel_order="rgb")
    assert turned[0].flip(1).equal(inputs) and turned[1].flip(1).equal(targets)
    normalised = inputs_and_targets(pool, imagenet_normalisation=True)
    assert normalised[1].equal(targets)
    assert float(normalised[0].min()) < 0 <= float(inputs.min())
    nearest = inputs_and_targets(pool, masks="nearest")
    assert nearest[0].equal(inputs)
    exact, blended = (set(np.unique(np.rint(values.numpy() * 255)).astype(int)) for values in (nearest[1], targets))
    assert exact <= {0, 128, 192, 255} and not blended <= exact


def test_classes_are_those_of_the_masks_or_of_the_nearest_colours_of_blended_ones(pool):
    exact = inputs_and_targets(pool, target="classes", masks="nearest")[1].numpy()
    np.testing.assert_array_equal(exact, pool.labels)
    blended = inputs_and_targets(pool, target="classes", masks="bilinear")[1].numpy()
    np.testing.assert_array_equal(blended[3], nearest_labels(pool.colours[3]))
    assert (blended != exact).any()


def rows_of(table, **changes) -> dict[str, set[int]]:
    return {name: set(rows.tolist()) for name, rows in divide(table, replace(AS_PUBLISHED, **changes)).items()}


def test_near_duplicates_stay_as_published_but_for_those_with_the_same_hash(pool):
    everything = set.union(*rows_of(pool.table).values())
    assert everything == set(range(20)) - {18}
    assert set.union(*rows_of(pool.table, near_duplicates=False).values()) == set(range(20)) - {19}


def test_four_fifths_of_the_pictures_rounded_up_are_learnt_from(pool):
    rows = rows_of(pool.table)
    assert (len(rows["train"]), len(rows["test"])) == (16, 3)  # of 19
    assert rows["validation"] == rows["test"]
    assert not rows["train"] & rows["test"]


def test_a_split_by_picture_shares_people_and_a_split_by_person_does_not(pool):
    for split, shared in (("image", True), ("person", False)):
        rows = rows_of(pool.table, split=split)
        people = {name: set(pool.table.loc[sorted(part), "subject_id"]) for name, part in rows.items()}
        assert bool(people["train"] & people["test"]) == shared


def test_a_validation_set_comes_out_of_the_training_pictures(pool):
    before, after = rows_of(pool.table), rows_of(pool.table, selection="validation")
    assert after["test"] == before["test"]
    assert after["train"] | after["validation"] == before["train"]
    assert not after["train"] & after["validation"]


def test_too_few_pictures_are_refused(pool):
    with pytest.raises(InputError, match=r"reproduction\.images"):
        divide(pool.table.head(8), AS_PUBLISHED)
