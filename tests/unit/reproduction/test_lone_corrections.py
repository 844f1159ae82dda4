"""Each correction as the first, and as the last."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import get_args

import numpy as np
import pandas as pd
import pytest

from facefair_lib.reproduction.ladder import Step
from facefair_lib.reproduction.lone_corrections import COLUMNS, alone_table, fit_alone
from facefair_lib.reproduction.pool import divide
from facefair_lib.reproduction.protocol import (
    AS_CORRECTED,
    AS_PUBLISHED,
    BEFORE_TRAINING,
    CORRECTIONS,
    Protocol,
    first_in,
    last_in,
    protocols,
)
from facefair_lib.reproduction.run import Run
from facefair_lib.settings.profiles import FittedAlone

FREE = {"zero", "threshold", "recipe"}


def differences(pair: tuple[Protocol, Protocol]) -> set[str]:
    return {f.name for f in fields(Protocol) if getattr(pair[0], f.name) != getattr(pair[1], f.name)}


@pytest.mark.parametrize("correction", CORRECTIONS, ids=lambda correction: correction.key)
def test_a_correction_alone_changes_its_own_items_and_nothing_else(correction):
    first, last = first_in(correction), last_in(correction)
    assert differences(last) == set(correction.changes)
    if correction.key == "recipe":
        assert first is None and last[1] == AS_CORRECTED
    else:
        assert differences(first) == set(correction.changes)
        assert (first[0], last[1]) == (AS_PUBLISHED, BEFORE_TRAINING)


def test_a_profile_may_ask_for_every_correction_that_takes_a_fit_and_no_other():
    assert set(get_args(FittedAlone)) == {correction.key for correction in CORRECTIONS} - FREE


@pytest.fixture(scope="module")
def fitted(monkeypatch_module):
    """Protocols that were fitted, with their seeds; a fit's labels are right where its protocol has classes."""
    asked: list[tuple[Protocol, int]] = []

    def fit(_name, model, _training, task, _folder, seed):
        asked.append((task.protocol, seed))
        return run_of(task.protocol, model.epochs, seed)

    monkeypatch_module.setattr("facefair_lib.reproduction.ladder.fit", fit)
    return asked


@pytest.fixture(scope="module")
def monkeypatch_module():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


def run_of(protocol: Protocol, epochs: int, seed: int) -> Run:
    """A fit that labels one class wrongly for each of three items that are as published, and scores accordingly."""
    unseen = np.tile(np.arange(8, dtype=np.uint8), (6, 4, 1))
    wrong = [protocol.target == "colours", protocol.channel_order == "bgr", protocol.recipe == "adam"]
    for label, item in enumerate(wrong, start=1):
        if item:
            unseen[unseen == label] = 0
    batches = {"test": np.tile(np.array([6, 2 + seed % 2, 2, 90]), (1, 2, 1))}
    counts = np.diag(np.full(11, 5))
    nothing = np.empty((0, 3, 4, 8), np.float32)
    return Run(pd.DataFrame(), {epochs: batches}, {epochs: counts}, epochs, epochs, unseen, nothing, 1.0, "none")


@pytest.fixture(scope="module")
def runs(fitted, pool, settings, tmp_path_factory):
    """The ladder's fits, the ends twice; then those of two corrections alone."""
    steps = [
        Step(
            "pspnet", key, title, protocol, divide(pool.table, protocol),
            tuple(run_of(protocol, 1, 20 + seed) for seed in range(1 + (key in ("published", "recipe")))),
        )
        for key, title, protocol in protocols()
    ]  # fmt: skip
    folder = tmp_path_factory.mktemp("fits")
    shaped = settings.reproduction.model_copy(update={"ladder": ("pspnet",), "alone": ("order", "classes")})
    return fit_alone(settings.model_copy(update={"reproduction": shaped}), steps, pool, pool.images[:6], folder)


@pytest.fixture(scope="module")
def table(runs):
    labels = np.tile(np.arange(8, dtype=np.uint8), (6, 4, 1))
    images = pd.DataFrame({"image_id": list("abcdef"), "subject_id": list("abcdef")})
    return alone_table(runs, ["pspnet"], labels, images, replicates=50).set_index("step")


def test_only_what_the_ladder_has_not_fitted_is_fitted(runs, fitted):
    classes = {"target": "classes"}
    wanted = [replace(BEFORE_TRAINING, channel_order="bgr"), replace(AS_PUBLISHED, **classes)]
    assert [protocol for protocol, _ in fitted] == [protocol.fitting for protocol in wanted]
    assert {seed for _, seed in fitted} == {20}
    assert len(runs) == len(wanted) + len({protocol.fitting for _, _, protocol in protocols()})


def iou(wrong: int) -> float:
    """Mean over eight classes of which some are taken for background."""
    return (7 - wrong + 1 / (1 + wrong)) / 8


def test_the_changes_are_those_from_and_to_the_ends_whatever_the_ladders_order(table):
    assert table.loc["order", "first"] == pytest.approx(iou(2) - iou(3))
    assert table.loc["order", "last"] == pytest.approx(iou(1) - iou(2))
    assert table.loc["classes", "first"] == pytest.approx(iou(2) - iou(3))
    assert table.loc["classes", "last"] == pytest.approx(iou(1) - iou(2))
    assert table.loc["recipe", "last"] == pytest.approx(iou(0) - iou(1))
    assert (table["first_low"] <= table["first"]).sum() == table["first"].notna().sum()


def test_corrections_of_scores_need_no_fit_and_change_what_is_reported_only(table):
    scores = table.loc[["zero", "threshold"]]
    assert scores[["first", "first_low", "first_high", "last"]].eq(0).all(axis=None)
    assert scores["first_iou"].tolist() == pytest.approx([0.3, 0], abs=1e-9)  # 6 / 10, over one batch and a zero
    assert scores["last_iou"].eq(0).all(), "classes have neither the zero nor the thresholds"


def test_what_was_not_fitted_is_missing_and_every_correction_has_a_row(table):
    assert list(table.index) == [correction.key for correction in CORRECTIONS]
    assert list(table.reset_index().columns) == ["step", *[name for name in COLUMNS if name != "step"]]
    sides = table[["first", "last"]].notna()
    known = {key: tuple(sides.loc[key]) for key in table.index}
    fitted_alone = dict.fromkeys(("zero", "threshold", "order", "classes"), (True, True))
    assert known == dict.fromkeys(known, (False, False)) | fitted_alone | {"recipe": (False, True)}
