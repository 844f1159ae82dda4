"""What each of several runs would have concluded alone: the study's own tables, and counts over pairs of runs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.fairness.seeds import two_level_estimate
from facefair_lib.store import stages
from facefair_lib.store.results import read_csv
from facefair_lib.tables.answer import LESS, MORE

CONCLUSION = ["family", "contrast", "model"]
"""Columns that name a conclusion."""


def kept_answer() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The planned effects of the study that is kept in git, over all runs and by run.

    Returns
    -------
    effects, by_run : as ``facefair_lib.tables.answer`` describes them (``EFFECT_COLUMNS``, ``RUN_COLUMNS``)

    Raises
    ------
    InputError
        if a table is missing, or holds a single run
    """
    tables = []
    for name in ("effects", "by_run"):
        path = stages.KEPT / stages.ANSWER / f"{name}.csv"
        if not path.is_file():
            raise InputError(path, found="no such file", expected="a table that comes with the project", do=_GET_TABLES)
        tables.append(read_csv(path))
    effects, by_run = tables
    if by_run["run"].nunique() < 2:
        raise InputError(path, found="one run", expected="at least two runs of each network", do=_GET_TABLES)
    return effects, by_run


_GET_TABLES = (
    "take results/kept from a complete copy of the project, or make it, which takes hours: facefair study --profile "
    "reference, then facefair reference --profile reference. The rest of the lesson works without it"
)


def by_run_and_conclusion(by_run: pd.DataFrame, column: str = "finding") -> pd.DataFrame:
    """One row per conclusion and one column per run; each cell holds the run's value of ``column``."""
    return by_run.pivot_table(index=CONCLUSION, columns="run", values=column, aggfunc="first", sort=False)


def pairs_table(by_run: pd.DataFrame) -> pd.DataFrame:
    """How many pairs of runs disagree about each conclusion.

    Returns
    -------
    ``CONCLUSION``, pairs, differ (found different things), opposite (one found less and the other more); most
    disagreement first
    """
    found = by_run_and_conclusion(by_run)
    pairs = list(combinations(found.columns, 2))
    differ = [found[one] != found[other] for one, other in pairs]
    sign = found.isin([MORE]).astype(int) - found.isin([LESS]).astype(int)
    opposite = [sign[one] * sign[other] < 0 for one, other in pairs]
    table = pd.DataFrame({"pairs": len(pairs), "differ": sum(differ), "opposite": sum(opposite)}, index=found.index)
    return table.sort_values(["differ", "opposite"], ascending=False, kind="stable").reset_index()


def without_each(by_run: pd.DataFrame) -> pd.DataFrame:
    """Leave each run out in turn and count what the others disagree about.

    Returns
    -------
    columns left_out (``none`` first), pairs (of runs, times conclusions), differ, share
    """
    rows = []
    for run in (None, *sorted(by_run["run"].unique())):
        counts = pairs_table(by_run[by_run["run"] != run])[["pairs", "differ"]].sum()
        rows.append({"left_out": "none" if run is None else f"run {run}", **counts})
    table = pd.DataFrame(rows)
    return table.assign(share=table["differ"] / table["pairs"])


def spreads_table(effects: pd.DataFrame, by_run: pd.DataFrame) -> pd.DataFrame:
    """Set the scatter from run to run beside what the intervals allow for.

    Returns
    -------
    ``CONCLUSION``, difference (mean of the runs), seed_spread (standard deviation from run to run), half_one and
    half_all (half the width of the interval of a single run, on average, and of all runs), differ (share of the pairs
    of runs that found different things); most disagreement first
    """
    half = by_run.assign(half_one=(by_run["high"] - by_run["low"]) / 2).groupby(CONCLUSION)["half_one"].mean()
    all_runs = effects.assign(half_all=(effects["high"] - effects["low"]) / 2)
    pairs = pairs_table(by_run)
    share = pairs[CONCLUSION].assign(differ=pairs["differ"] / pairs["pairs"])
    columns = [*CONCLUSION, "difference", "seed_spread", "half_all"]
    table = share.merge(half.reset_index(), on=CONCLUSION).merge(all_runs[columns], on=CONCLUSION)
    return table[[*CONCLUSION, "difference", "seed_spread", "half_one", "half_all", "differ"]]


def interval_coverage_over_runs(
    people: int, runs: int, spread: float, run_spread: float, studies: int, *, seed: int = 1
) -> dict[str, float]:
    """How often 95 per cent intervals contain the true effect, where retraining would move it.

    Parameters
    ----------
    people : paired differences per study
    runs : runs of a study that has several
    spread, run_spread : standard deviation of the differences between people, and of their mean between runs
    studies : number of simulated studies
    """
    random = np.random.default_rng(seed)
    held = np.zeros((studies, 2), bool)
    for study in range(studies):
        person, run = random.normal(0, spread, people), random.normal(0, run_spread, (runs, 1))
        for kind, scores in enumerate((person + run[:1], person + run)):
            found = two_level_estimate(scores)
            held[study, kind] = found.low <= 0 <= found.high
    one, several = held.mean(0)
    return {"one run, over people": float(one), f"{runs} runs, over people and runs": float(several)}
