"""The section on counterfactual fairness: tables, macros, and a text that stands without any one of its results."""

from __future__ import annotations

import re
import shutil

import numpy as np
import pandas as pd
import pytest
from test_report_sources import LATEX, defined, text_of
from test_report_tables import rows_of

from facefair_lib import fairness_tables, paths
from facefair_lib.evidence import FAIRNESS, Evidence
from facefair_lib.fairness_numbers import add_fairness
from facefair_lib.macros import Macros, macro_name
from facefair_lib.report import OPTIONAL_FIGURES, REQUIRED_FIGURES, MissingLatexError, build_report
from facefair_lib.results import write_csv
from facefair_lib.tables import TABLES, build_table

FIGURES = {**REQUIRED_FIGURES, **OPTIONAL_FIGURES}


def chosen(text: str, on: set[str]) -> str:
    """The text that LaTeX would set: the taken branch of every ``\\iftoggle``."""
    while found := re.search(r"\\iftoggle\{(\w+)\}", text):
        branches, end = [], found.end()
        for _ in range(2):
            assert text[end] == "{", text[found.start() : end + 20]
            start, depth = end + 1, 1
            end += 1
            while depth:
                depth += {"{": 1, "}": -1}.get(text[end], 0) if text[end - 1] != "\\" else 0
                end += 1
            branches.append(text[start : end - 1])
        text = text[: found.start()] + branches[found[1] not in on] + text[end:]
    return text


def test_the_reader_of_toggles_takes_the_branch_that_latex_takes():
    assert chosen(r"a\iftoggle{x}{b\iftoggle{y}{c}{d\,\%}}{e}f", {"x"}) == r"abd\,\%f"
    assert chosen(r"a\iftoggle{x}{b}{e\}}f", set()) == r"ae\}f"


def write_stage(folder, tables) -> Evidence:
    """The stage's tables alone."""
    for stem, table in tables.items():
        write_csv(folder / FAIRNESS / f"{stem}.csv", table)
    return Evidence(folder, paths.REPORT)


def macros_of(evidence: Evidence) -> str:
    macros = Macros()
    add_fairness(macros, evidence)
    return macros.render()


def toggles_of(numbers: str) -> set[str]:
    return set(re.findall(r"\\toggletrue\{(\w+)\}", numbers))


def whole_text(numbers: str, figures=tuple(FIGURES)) -> str:
    """What LaTeX would set with these numbers and figures."""
    on = toggles_of(numbers) | {"HasDuplicateFolders"} | {macro_name("has", stem) for stem in figures}
    parts = sorted([*(paths.REPORT / "sections").glob("*.tex"), *(paths.REPORT / "floats").glob("*.tex")])
    return "".join(chosen(text_of(path), on) for path in parts)


STEMS = (
    "tones", "sources", "adjusted", "equivalence", "model_gaps", "classes", "traps", "composition", "composition_slope",
    "quality", "features",
)  # fmt: skip


@pytest.mark.parametrize("missing", [(), ("effects",), STEMS, *((stem,) for stem in STEMS)], ids="-".join)
def test_the_text_stands_without_any_of_its_results(counterfactual, numbers, tmp_path, missing):
    evidence = write_stage(tmp_path, {stem: table for stem, table in counterfactual.items() if stem not in missing})
    others = "\n".join(line for line in numbers.splitlines() if FAIRNESS not in line)
    text = whole_text(
        others + macros_of(evidence), [stem for stem, stage in FIGURES.items() if missing != STEMS or stage != FAIRNESS]
    )
    used = set(re.findall(r"\\([A-Za-z]+)", text))
    assert used - LATEX - defined(others + macros_of(evidence)) - {"TransferVerdict"} == set()
    labels = set(re.findall(r"\\label\{([\w:]+)\}", text))
    assert set(re.findall(r"\\ref\{([\w:]+)\}", text)) <= labels
    fairness = {stem for stem, recipe in TABLES.items() if any(FAIRNESS in name for name in recipe.needs)}
    shown = set(re.findall(r"\\tablebody(?:\[[^]]*\])?\{(\w+)\}", text)) & fairness
    written = {stem for stem in fairness if all(evidence.has(name) for name in TABLES[stem].needs)}
    assert shown == (written if "effects" not in missing else set())


def test_a_study_without_the_stage_says_so_in_one_sentence(numbers, tmp_path):
    macros = macros_of(Evidence(tmp_path, paths.REPORT))
    assert "\\newcommand" not in macros
    assert toggles_of(macros) == set()
    others = "\n".join(line for line in numbers.splitlines() if FAIRNESS not in line)
    text = whole_text(others + macros, REQUIRED_FIGURES)
    assert "This run has no counterfactual pictures" in text
    assert "Counterfactual" not in text.replace("Counterfactual Fairness", "")


def test_the_answer_reaches_abstract_and_conclusion(numbers):
    summary = re.search(r"\\CounterfactualSummary\}\{(.*)\}% ", numbers)[1]
    assert "for DeepLabV3, the largest difference is 3.6 points" in summary
    assert "for PSPNet, the largest difference is 1.4 points" in summary
    for section in ("abstract", "conclusion"):
        text = chosen(text_of(paths.REPORT / "sections" / f"{section}.tex"), {"counterfactual"})
        assert r"\CounterfactualSummary" in text


def test_margins_of_the_verdict_are_those_of_the_counterfactual_pictures(numbers):
    assert re.search(r"\\CounterfactualVerdictPspnet\}\{For PSPNet.*smaller than 2\.0 points\}", numbers)
    assert r"\CounterfactualEquivalencePspnet}{For PSPNet, one of the three differences is shown" in numbers


def test_boundary_errors_that_nobody_measured_are_dashes(counterfactual, tmp_path):
    traps = counterfactual["traps"].query("model == ''")
    numbers = macros_of(write_stage(tmp_path, {**counterfactual, "traps": traps}))
    assert r"\newcommand{\TrapBoundaryGapPspnet}{--}" in numbers


def test_the_trap_names_the_smallest_and_the_largest_class(numbers):
    assert r"\newcommand{\TrapSmallClass}{teeth}" in numbers
    assert r"\newcommand{\TrapLargeClass}{background}" in numbers
    assert r"\newcommand{\TrapNullGapClass}{teeth}" in numbers


def test_effects_stand_with_both_parts_the_adjusted_p_value_and_counts_last(pristine):
    body = rows_of(build_table("counterfactual_effects", pristine, paths.REPORT))
    assert body[0][-2:] == ["Images", "People"]
    assert body[2] == [
        "Asian $-$ Black", r"\est{+3.0}{+2.1}{+4.1}", r"\est{+1.0}{+0.1}{+2.1}", r"\est{+2.0}{+1.1}{+3.1}", "0.002",
        "1.4", "360", "40",
    ]  # fmt: skip


def test_equivalence_answers_for_every_margin_with_counts_of_the_cohort(pristine):
    body = rows_of(build_table("equivalence", pristine, paths.REPORT))
    assert body[0][3:] == ["Within 1.0", "Within 2.0", "Within 3.0", "Images", "People"]
    row = next(row for row in body[8:] if row[0] == "PSPNet")
    assert row[3:] == ["no (0.400)", "yes (0.010)", "yes (0.010)", "180", "40"]


def test_an_untested_equivalence_is_a_dash(counterfactual):
    table = counterfactual["equivalence"].assign(p_value=np.nan, difference=np.nan)
    body = rows_of(fairness_tables.equivalence(table, counterfactual["sources"]))
    assert body[2][2:6] == ["--"] * 4


def test_truth_values_survive_a_column_with_gaps():
    assert [fairness_tables.is_true(value) for value in (True, "True", False, "False", np.nan)] == [
        True, True, False, False, False,
    ]  # fmt: skip


def test_compositions_stand_in_blocks_with_share_score_and_distance(pristine):
    text = build_table("composition_scores", pristine, paths.REPORT)
    assert text.count(r"\midrule") == 3
    row = next(row for row in rows_of(text) if row[0] == "Without Asian")
    assert (row[1], row[4], row[7], row[-1]) == ("0", "50", "50", "3")
    assert any(row[0] == "Balanced" for row in rows_of(text))


def test_correlations_are_printed_as_such(pristine):
    body = rows_of(build_table("quality_measures", pristine, paths.REPORT))
    assert body[1][:2] == ["Agreement of the models", r"\est{0.62}{0.52}{0.71}"]


def test_features_stand_in_blocks_and_levels_of_few_people_are_grey(pristine):
    body = rows_of(build_table("feature_scores", pristine, paths.REPORT))
    assert [row[0] for row in body] == [
        "Level", r"\multicolumn{5}{@{}l}{\emph{Skin tone (Monk scale)}}", "2", r"\textcolor{gray}{10}",
        r"\multicolumn{5}{@{}l}{\emph{Gender}}", "Female", r"\multicolumn{5}{@{}l}{\emph{Age (years)}}", "18--29",
        "60 and over", r"\multicolumn{5}{@{}l}{\emph{Light}}", "Backlit",
    ]  # fmt: skip
    assert body[2][1:] == [r"\est{50.0}{45.0}{55.0}"] * 2 + ["40", "40"]
    assert all(cell.startswith(r"\textcolor{gray}") for cell in body[3])


def test_the_report_is_set_without_the_stage(study, settings, tmp_path):
    shutil.rmtree(study / FAIRNESS)
    try:
        assert build_report(study, paths.REPORT, "quick", settings, tmp_path / "report.pdf").is_file()
    except MissingLatexError:
        pytest.skip("latexmk is not installed")
    assert "Overfull" not in (study / "report" / "report.log").read_text(errors="replace")


def test_a_group_of_the_users_own_is_printed_with_its_words():
    rows = pd.DataFrame([{"composition": "mostly_maori", "focus": "maori", "group": "maori", "share": 0.8, "value": 0.5,
                          "relative": 0.0, "low": -0.1, "high": 0.1, "n_seeds": 2}])  # fmt: skip
    assert "Mostly Maori & 80 & 50.0" in fairness_tables.composition(rows)
