"""Checks of a published table: by hand, and on the course paper's own rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from real_counts import scores_of

from facefair_lib.errors import InputError
from facefair_lib.reproduction import table_checks
from facefair_lib.settings import paths

PUBLISHED = pd.read_csv(paths.REPORT / "published.csv")


@pytest.fixture(scope="module")
def checks() -> pd.DataFrame:
    finals = table_checks.final_scores(PUBLISHED)
    return table_checks.check_table(finals, step=1e-4, batches=table_checks.batches_per_epoch(PUBLISHED))


def test_all_eight_published_rows_answer_one_question(checks):
    low, high = table_checks.one_question(checks)
    assert (checks["check"] == "prevalence").sum() == 8
    assert low == pytest.approx(0.283, abs=5e-4)
    assert high == pytest.approx(0.295, abs=5e-4)


def test_every_published_iou_lies_below_its_floor(checks):
    floors = checks[checks["check"] == "iou_floor"]
    assert len(floors) == 6  # two first epochs print no test IoU
    assert set(floors["verdict"]) == {table_checks.IMPOSSIBLE}
    lack = 1 - floors["value"] / floors["limit"]
    assert lack.between(0.15, 0.25).all()


def test_the_published_f1_keeps_below_its_ceiling(checks):
    assert set(checks.loc[checks["check"] == "f1_ceiling", "verdict"]) == {table_checks.POSSIBLE}


def test_only_pspnet_is_less_accurate_than_an_empty_mask(checks):
    beaten = checks[checks["verdict"] == table_checks.BEATEN]
    assert set(beaten["check"]) == {"empty_mask"}
    assert set(beaten["model"]) == {"pspnet"}
    row = beaten[(beaten["split"] == "test") & (beaten["epoch"] == 25)].iloc[0]
    assert row["limit"] == pytest.approx(0.71, abs=0.01)
    assert row["limit"] - row["value"] == pytest.approx(0.10, abs=0.005)


counts = st.integers(1, 10_000)


@given(counts, counts, counts, counts)
def test_real_counts_are_possible_and_give_their_prevalence_back(hit, false, missed, quiet):
    scores = scores_of(hit, false, missed, quiet)
    found = table_checks.implied_prevalence(scores["accuracy"], scores["precision"], scores["recall"])
    assert found == pytest.approx((hit + missed) / (hit + false + missed + quiet))
    assert scores["f1"] == pytest.approx(table_checks.f1_ceiling(scores["precision"], scores["recall"]))
    assert scores["iou"] == pytest.approx(table_checks.iou_floor(scores["f1"]))
    rounded = pd.DataFrame([{name: round(value, 4) for name, value in scores.items()}])
    table = table_checks.check_table(rounded, step=1e-4).set_index("check")
    assert set(table.drop("empty_mask")["verdict"]) == {table_checks.POSSIBLE}


def test_trivial_answers_score_what_their_counts_say():
    trivial = table_checks.trivial_scores(0.3)
    assert trivial["nothing"]["accuracy"] == pytest.approx(0.7)
    assert trivial["all"] == pytest.approx(scores_of(3, 7, 0, 0))
    assert trivial["majority"] == trivial["nothing"]
    assert table_checks.trivial_scores(0.6)["majority"] == table_checks.trivial_scores(0.6)["all"]


def test_the_spurious_zero_is_undone_exactly():
    values = np.array([0.5, 0.7, 0.9])
    assert table_checks.without_spurious_zero(np.append(values, 0).mean(), 3) == pytest.approx(values.mean())


def test_a_prevalence_that_nothing_implies_is_nan():
    assert np.isnan(table_checks.implied_prevalence(0.9, 0.0, 0.5))
    assert np.isnan(table_checks.implied_prevalence(1.0, 1.0, 1.0))


def test_a_table_in_per_cent_or_without_a_column_is_refused():
    row = {"accuracy": 90, "precision": 80, "recall": 80, "f1": 80, "iou": 70}
    with pytest.raises(InputError, match="divide per cent by 100"):
        table_checks.check_table(pd.DataFrame([row]), step=0.1)
    with pytest.raises(InputError, match="also iou"):
        table_checks.check_table(pd.DataFrame([row]).drop(columns="iou"), step=0.1)


def test_the_papers_finals_carry_the_time_of_an_epoch():
    finals = table_checks.paper_finals(PUBLISHED).set_index("model")
    assert finals.loc["deeplabv3", "seconds_per_epoch"] == pytest.approx((31 * 3600 + 17 * 60) / 25)
    assert finals.loc["pspnet", "iou"] == pytest.approx(0.3346)
