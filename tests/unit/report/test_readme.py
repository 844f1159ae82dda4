"""The README's answer: a table of the groups, of the counterfactual differences and of the architectures."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from facefair_lib.errors import InputError
from facefair_lib.report import readme
from facefair_lib.settings import paths

EFFECTS, COMPARED = "07_counterfactual_fairness/effects", "09_model_comparison"


def rows(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(f"| {start}")]


def test_the_readme_holds_the_answer_of_the_reference_study(pristine: Path) -> None:
    text = (paths.REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert text.split(readme.BEGIN)[1].split(readme.END)[0].strip() == readme.answer(pristine)


def test_a_difference_is_told_from_the_side_of_the_higher_group(study: Path, edit: Callable[..., None]) -> None:
    largest = lambda table: (table["model"] == "pspnet") & (table["contrast"] == "asian-black")  # noqa: E731
    edit(EFFECTS, lambda table: table.assign(difference=table["difference"].mask(largest(table), -0.04), p_adjusted=0.2,
         low=table["low"].mask(largest(table), -0.05), high=table["high"].mask(largest(table), -0.03)))  # fmt: skip
    (line,) = rows(readme.answer(study), "PSPNet: ")
    assert line.startswith("| PSPNet: Black over Asian | +4.0 (+3.0 to +5.0) |")
    edit(
        EFFECTS,
        lambda table: table.assign(p_adjusted=table["p_adjusted"].mask(table["contrast"] == "asian-caucasian", 0.01)),
    )
    (line,) = rows(readme.answer(study), "PSPNet: ")
    assert "Asian" in line and "Caucasian" in line, "a clear difference goes before a larger unclear one"


def test_the_tone_curve_is_told_by_its_differences_to_the_best_tone(study: Path) -> None:
    folder = study / "07_counterfactual_fairness"
    tones = [(tone, value, p) for tone, value, p in ((3, 0.0, np.nan), (7, -0.012, 0.2), (10, -0.104, 0.001))]
    curve = pd.DataFrame([(m, *row) for m in ("deeplabv3", "pspnet") for row in tones])
    curve.columns = ["model", "skin_tone", "difference", "p_adjusted"]
    curve.assign(n_subjects=66).to_csv(folder / "tones.csv", index=False)
    effects = pd.DataFrame(
        [(m, t, c, v) for m in ("deeplabv3", "pspnet") for t, v in (("own", -0.03), ("typical", -0.012))
         for c in ("asian-black", "black-caucasian")],
        columns=["model", "tones", "contrast", "difference"],
    )  # fmt: skip
    largest = effects["contrast"] == "black-caucasian"
    effects = effects.assign(difference=effects["difference"].where(largest, 0.002), p_adjusted=0.004)
    effects = effects.assign(low=effects["difference"] - 0.01, high=effects["difference"] + 0.01)
    effects.to_csv(folder / "tone_effects.csv", index=False)
    text = readme.answer(study).split("same person, other skin tone")[1].split("other group")[0]
    assert rows(text, "PSPNet") == [r"| PSPNet | 0.0 | -1.2 | -10.4 \* |"]
    start = "In the tones of Caucasian people as often as they have them, PSPNet scores everybody +3.0 (+2.0 to +4.0)"
    end = "points higher than in those of Black people (*p* = 0.004); at one typical tone of each, +1.2 (+0.2 to +2.2)."
    assert f"{start} {end}" in text


def test_what_the_reference_study_lacks_has_no_table(study: Path, edit: Callable[..., None]) -> None:
    assert readme.answer(study).count("|---|") == 4
    edit(f"{COMPARED}/status", lambda table: table.assign(fitted=False))
    assert readme.answer(study).count("|---|") == 3
    edit(EFFECTS, lambda table: table.assign(difference=float("nan")))
    assert readme.answer(study).count("|---|") == 2
    shutil.rmtree(study / COMPARED)
    shutil.rmtree(study / "07_counterfactual_fairness")
    assert readme.answer(study).count("|---|") == 1


def test_networks_fitted_alike_stand_best_first_and_the_front_is_marked(study: Path, edit: Callable[..., None]) -> None:
    edit(f"{COMPARED}/comparison", lambda table: table.assign(front=table["model"] == "fcn"))
    text = readme.answer(study).split("fitted alike")[1]
    lines = [line for line in text.splitlines()[2:] if line.startswith("| ")]
    scores = [float(line.split(" | ")[5].split(" ")[0]) for line in lines]
    assert len(lines) == 8 and scores == sorted(scores, reverse=True)
    assert [line.split(" | ")[0] for line in lines if r"\*" in line] == [r"| FCN, ResNet-18 to stride 8 \*"]


def test_the_answer_goes_between_its_marks_and_nothing_else_changes(pristine: Path, tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n")
    readme.update(page, pristine)
    text = page.read_text()
    assert text.startswith(f"before\n{readme.BEGIN}\n\n| |") and text.endswith(f"{readme.END}\nafter\n")
    assert "old" not in text


def test_a_readme_without_marks_is_refused(pristine: Path, tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("nothing")
    with pytest.raises(InputError, match="no place for the answer"):
        readme.update(page, pristine)
