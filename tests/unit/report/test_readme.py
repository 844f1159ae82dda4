"""The README's answer: a table of the groups and, where there are counterfactual pictures, one of the differences."""

from __future__ import annotations

import shutil

import pandas as pd
import pytest

from facefair_lib import readme
from facefair_lib.errors import InputError
from facefair_lib.evidence import COMPARISON, FAIRNESS
from facefair_lib.results import write_csv


def test_the_counterfactual_rows_are_told_from_the_side_of_the_higher_group(pristine):
    lines = readme.counterfactual_answer(pristine)
    rows = [line for line in lines if line.startswith("| DeepLabV3") or line.startswith("| PSPNet")]
    assert rows == [
        "| DeepLabV3: Caucasian over Black | +3.6 (+2.5 to +4.5) | 0.002 | +0.8 (-0.3 to +1.7) | +2.8 (+1.7 to +3.7) |",
        "| PSPNet: Caucasian over Black | +1.4 (+0.3 to +2.3) | 0.31 | +0.3 (-0.8 to +1.2) | +1.1 (+0.0 to +2.0) |",
    ]
    assert "40 rendered identities" in lines[-1]


def test_a_clear_difference_goes_before_a_larger_unclear_one(study, counterfactual):
    effects = counterfactual["effects"].copy()
    largest = (effects["contrast"] == "black-caucasian") & (effects["component"] == "total")
    effects.loc[largest, "p_adjusted"] = 0.2
    write_csv(study / FAIRNESS / "effects.csv", effects)
    assert any(line.startswith("| DeepLabV3: Asian over Black") for line in readme.counterfactual_answer(study))


def test_without_counterfactual_pictures_the_first_table_stands_alone(study, counterfactual):
    shutil.rmtree(study / COMPARISON)
    text = readme.answer(study)
    assert text.count("|---|") == 2
    write_csv(study / FAIRNESS / "effects.csv", counterfactual["effects"].assign(difference=float("nan")))
    assert readme.answer(study).count("|---|") == 1
    shutil.rmtree(study / FAIRNESS)
    assert readme.answer(study).count("|---|") == 1


def test_networks_fitted_alike_stand_best_first_and_the_front_is_marked(pristine):
    rows = [line for line in readme.comparison_answer(pristine) if line.startswith("| ")][1:]
    assert rows == [
        "| PSPNet, ResNet-18 \\* | 0.9 | 2.2 | 9 | 30 | 52.0 (49.0–55.0) | 4.0 | 0.004 |",
        "| DeepLabV3, ResNet-18 | 0.9 | 3.1 | 9 | 20 | 48.0 (45.0–51.0) | 4.0 | 0.4 |",
    ]
    assert any("8 epochs" in line for line in readme.comparison_answer(pristine))


def test_networks_of_the_study_alone_make_no_table_of_architectures(study):
    write_csv(study / COMPARISON / "status.csv", pd.DataFrame([{"fitted": False, "reason": "none listed"}]))
    assert readme.comparison_answer(study) == []


def test_the_answer_goes_between_its_marks_and_nothing_else_changes(pristine, tmp_path):
    page = tmp_path / "README.md"
    page.write_text(f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n")
    readme.update(page, pristine)
    text = page.read_text()
    assert text.startswith(f"before\n{readme.BEGIN}\n\n| |") and text.endswith(f"{readme.END}\nafter\n")
    assert "old" not in text


def test_a_readme_without_marks_is_refused(pristine, tmp_path):
    page = tmp_path / "README.md"
    page.write_text("nothing")
    with pytest.raises(InputError, match="no place for the answer"):
        readme.update(page, pristine)
