"""What runs would have concluded alone is counted rightly, and a missing table is named."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from facefair_course import runs
from facefair_lib.errors import InputError
from facefair_lib.settings.plan import load_plan
from facefair_lib.store.results import write_csv
from facefair_lib.tables import answer

FINDINGS = {"one": ["less", "less", "more"], "two": ["open"] * 3, "three": ["open", "within the margin", "open"]}


@pytest.fixture
def by_run() -> pd.DataFrame:
    rows = [
        {"family": "tones", "contrast": name, "model": "pspnet", "run": run, "low": -0.01, "high": 0.03 + 0.02 * run}
        | {"finding": finding}
        for name, findings in FINDINGS.items()
        for run, finding in enumerate(findings, 1)
    ]
    return pd.DataFrame(rows).sample(frac=1, random_state=0)


def test_pairs_of_runs_are_counted_once_and_opposites_apart(by_run: pd.DataFrame) -> None:
    table = runs.pairs_table(by_run).set_index("contrast")
    assert table.loc["one", ["pairs", "differ", "opposite"]].tolist() == [3, 2, 2]
    assert table.loc["two", ["pairs", "differ", "opposite"]].tolist() == [3, 0, 0]
    assert table.loc["three", ["pairs", "differ", "opposite"]].tolist() == [3, 2, 0]
    assert table["differ"].is_monotonic_decreasing


def test_leaving_out_the_only_run_that_dissents_makes_the_others_agree(by_run: pd.DataFrame) -> None:
    table = runs.without_each(by_run[by_run["contrast"] == "one"]).set_index("left_out")
    assert table["differ"].to_dict() == {"none": 2, "run 1": 1, "run 2": 1, "run 3": 0}
    assert table.loc["none", "share"] == pytest.approx(2 / 3)


def test_the_scatter_of_runs_stands_beside_the_width_of_their_intervals(by_run: pd.DataFrame) -> None:
    effects = by_run.drop_duplicates("contrast").assign(difference=0.01, low=-0.02, high=0.04, seed_spread=0.005)
    table = runs.spreads_table(effects, by_run).set_index("contrast")
    assert table["half_one"].to_numpy() == pytest.approx((0.04 + 2 * 0.02) / 2)  # the mean of runs 1, 2 and 3
    assert table["half_all"].to_numpy() == pytest.approx(0.03)
    assert table["differ"].to_dict() == pytest.approx({"one": 2 / 3, "three": 2 / 3, "two": 0})


def test_tables_of_notebook_10_are_read_as_it_writes_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plan, random = load_plan(), np.random.default_rng(0)
    effects = [
        answer.Effect(family.name, name, "pspnet", random.normal(value, 0.02, (3, 20)))
        for family in plan.families
        for name, value in (("asian-black", 0.0), ("asian-caucasian", 0.02))
    ]
    folder = tmp_path / "10_answer"
    by_run = answer.runs_table(effects, plan)
    write_csv(folder / "effects.csv", answer.effects_table(effects, plan))
    write_csv(folder / "by_run.csv", by_run)
    monkeypatch.setattr(runs.stages, "KEPT", tmp_path)
    over_runs, alone = runs.kept_answer()
    assert len(runs.spreads_table(over_runs, alone)) == len(effects)
    found = runs.by_run_and_conclusion(alone)
    assert found.columns.tolist() == [1, 2, 3]
    for row in by_run.itertuples():
        assert found.loc[(row.family, row.contrast, row.model), row.run] == row.finding


def test_a_missing_table_is_named_with_the_ways_to_get_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs.stages, "KEPT", tmp_path)
    with pytest.raises(InputError, match="--profile reference") as error:
        runs.kept_answer()
    assert "effects.csv" in str(error.value)


def test_one_run_is_not_compared_with_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, by_run: pd.DataFrame
) -> None:
    for name in ("effects", "by_run"):
        write_csv(tmp_path / "10_answer" / f"{name}.csv", by_run[by_run["run"] == 1])
    monkeypatch.setattr(runs.stages, "KEPT", tmp_path)
    with pytest.raises(InputError, match="at least two runs"):
        runs.kept_answer()


def test_only_an_interval_over_runs_keeps_its_promise_where_training_has_luck() -> None:
    one, several = runs.interval_coverage_over_runs(40, 5, 0.05, 0.015, 60).values()
    assert several > 0.85 > one
