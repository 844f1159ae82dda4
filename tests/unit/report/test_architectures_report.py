"""The section on architectures: it reads true with compared networks, with the two of the study, and with neither."""

from __future__ import annotations

import re

import pandas as pd
import pytest
from test_fairness_report import whole_text
from test_report_sources import LATEX, defined

from facefair_lib import paths
from facefair_lib.comparison_numbers import add_comparison
from facefair_lib.evidence import COMPARISON, Evidence
from facefair_lib.macros import Macros
from facefair_lib.results import write_csv


def macros_of(evidence: Evidence) -> str:
    macros = Macros()
    add_comparison(macros, evidence)
    return macros.render()


def written(folder, evidence, fitted: bool) -> Evidence:
    """The same table, whose networks were fitted for it or not."""
    write_csv(folder / COMPARISON / "comparison.csv", evidence.table(f"{COMPARISON}/comparison").rows)
    write_csv(folder / COMPARISON / "status.csv", pd.DataFrame([{"fitted": fitted, "reason": ""}]))
    return Evidence(folder, paths.REPORT)


@pytest.mark.parametrize("case", ["fitted", "study", "none"])
def test_the_text_stands_with_every_kind_of_comparison(case, evidence, numbers, tmp_path):
    own = macros_of(
        Evidence(tmp_path, paths.REPORT) if case == "none" else written(tmp_path, evidence, case == "fitted")
    )
    others = "\n".join(line for line in numbers.splitlines() if COMPARISON not in line)
    text = whole_text(others + "\n" + own, figures=() if case == "none" else ("model_comparison",))
    used = set(re.findall(r"\\([A-Za-z]+)", text))
    assert used - LATEX - defined(others + own) - {"TransferVerdict"} == set()
    assert ("on one and the same budget, with" in text) == (case == "fitted")
    assert ("networks of the other sections, each fitted" in text) == (case == "study")
    assert ("This run measured no costs" in text) == (case == "none")
    assert (r"\tablebody[\scriptsize]{model_comparison}" in text) == (case != "none")
    assert (r"Fig.~\ref{fig:architectures}" in text) == (case != "none")


def test_sentences_begin_with_a_capital_and_name_the_networks(evidence, tmp_path):
    own = macros_of(written(tmp_path, evidence, fitted=True))
    found = dict(re.findall(r"\\newcommand\{\\(\w+)\}\{(.*)\}% ", own))
    assert found["ComparedNetworks"] == "two"
    assert found["ComparedTitles"] == "DeepLabV3 and PSPNet"
    assert found["ComparedEpochs"] == "8 epochs"
    assert all(text[0].isupper() for name, text in found.items() if name.endswith("Verdict"))
    assert "that of PSPNet is distinguishable from chance" in found["ComparedGapVerdict"]
