"""The README's answer: the planned comparisons, the tone curve and the architectures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from facefair_lib.errors import InputError
from facefair_lib.report import readme
from facefair_lib.settings import paths
from facefair_lib.store.results import write_json

ANSWER, COMPARED = "10_answer", "09_model_comparison"


def rows(text: str, start: str) -> list[str]:
    return [line for line in text.splitlines() if line.startswith(f"| {start}")]


def test_the_readme_holds_the_answer_of_the_reference_study(pristine: Path) -> None:
    text = (paths.REPOSITORY / "README.md").read_text(encoding="utf-8")
    assert text.split(readme.BEGIN)[1].split(readme.END)[0].strip() == readme.answer(pristine)


def test_the_kept_report_is_linked_before_the_answer(study: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(paths, "REPOSITORY", tmp_path)
    file = tmp_path / "report" / "reference.pdf"
    monkeypatch.setattr(paths, "kept_report", lambda: file)
    without = readme.answer(study)
    file.parent.mkdir()
    file.touch()
    write_json(study / "04_metric_analysis" / "provenance.json", {"profile": "mine"})
    first, *rest = readme.answer(study).splitlines()
    assert "](report/reference.pdf)" in first and "`mine`" in first and rest[1:] == without.splitlines()


def test_a_difference_is_told_from_the_side_of_the_higher_with_what_was_found(
    study: Path, edit: Callable[..., None]
) -> None:
    def plant(table: pd.DataFrame) -> pd.DataFrame:
        one = (table["family"] == "morphology") & (table["contrast"] == "asian-black")
        found = (("within the margin", 0.01), ("less", 0.2))
        for row, (finding, p_margin) in zip(table.index[one], found, strict=True):
            planted = [-0.4, -0.5, -0.00001, finding, p_margin]
            table.loc[row, ["difference", "low", "high", "finding", "p_margin"]] = planted
        return table

    edit(f"{ANSWER}/answer", plant)
    (line,) = rows(readme.answer(study), "same people, face shape")
    first, second = "+40.0 (0.0 to +50.0) ≈", "**+40.0 (0.0 to +50.0)**"
    shown = f"| same people, face shape of Black people against that of Asian people | {first} | {second} |"
    assert line.startswith(shown)


def test_every_comparison_of_tones_is_shown_and_of_other_families_the_largest(study: Path) -> None:
    text = readme.answer(study)
    starts = ("skin tones", "tone 10 against tone 4", "face shape", "shape and tones")
    assert [len(rows(text, f"same people, {start}")) for start in starts] == [3, 1, 1, 1]


def test_scores_are_the_mean_over_runs(study: Path, edit: Callable[..., None]) -> None:
    edit(f"{ANSWER}/runs", lambda table: table.assign(test_iou=[0.7, 0.8, *[0.75] * (len(table) - 2)]))
    (line,) = rows(readme.answer(study), "mean IoU")
    first = np.array([0.7, 0.8, *[0.75] * 3])
    assert line.split(" | ")[1] == f"75.0 ± {100 * first.std(ddof=1):.1f}" and line.split(" | ")[2] == "75.0 ± 0.0"


def test_the_tone_curve_marks_what_is_clear(study: Path, edit: Callable[..., None]) -> None:
    curve = pd.DataFrame([(m, tone, value, p) for m in ("deeplabv3", "pspnet")
                          for tone, value, p in ((3, -0.012, 0.2), (4, 0.0, np.nan), (10, -0.104, 0.001))])  # fmt: skip
    curve.columns = ["model", "skin_tone", "difference", "p_adjusted"]
    edit(f"{ANSWER}/curve", lambda _: curve)
    text = readme.answer(study)
    assert rows(text, "PSPNet | -1")[0].startswith(r"| PSPNet | -1.2 | 0.0 | -10.4 \* |")
    assert "Points against tone 4" in text


def test_what_the_reference_study_lacks_has_no_table(study: Path, edit: Callable[..., None]) -> None:
    assert readme.answer(study).count("|---|") == 3
    (study / ANSWER / "mitigation.csv").unlink(missing_ok=True)
    assert "even tones" not in readme.answer(study)
    edit(f"{COMPARED}/status", lambda table: table.assign(fitted=False))
    assert readme.answer(study).count("|---|") == 2


def test_networks_fitted_alike_stand_best_first_and_the_front_is_marked(study: Path, edit: Callable[..., None]) -> None:
    edit(f"{COMPARED}/comparison", lambda table: table.assign(front=table["model"] == "fcn"))
    text = readme.answer(study).split("fitted alike")[1]
    lines = [line for line in text.splitlines()[2:] if line.startswith("| ")]
    scores = [float(line.split(" | ")[5].split(" ")[0]) for line in lines]
    assert len(lines) == len(pd.read_csv(study / COMPARED / "comparison.csv"))
    assert scores == sorted(scores, reverse=True)
    assert [line.split(" | ")[0] for line in lines if r"\*" in line] == [r"| FCN, ResNet-18 to stride 8 \*"]


@pytest.mark.parametrize(("worst", "said"), [(["black"] * 3, True), (["black", "black", "asian"], False)])
def test_groups_at_both_ends_are_named_where_all_clear_gaps_agree(
    study: Path, edit: Callable[..., None], worst: list[str], said: bool
) -> None:
    def three_clear(table: pd.DataFrame) -> pd.DataFrame:
        p = np.where(np.arange(len(table)) < 3, 0.01, 0.5)
        ends = [*worst, *["caucasian"] * (len(table) - 3)]
        return table.assign(p_adjusted=p, best="caucasian", worst=ends)

    edit(f"{COMPARED}/comparison", three_clear)
    text = "In all 3 gaps with *p* < 0.05, Caucasian people are ahead and Black people behind."
    assert (text in readme.answer(study)) == said


def test_the_answer_goes_between_its_marks_and_nothing_else_changes(pristine: Path, tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text(f"before\n{readme.BEGIN}\nold\n{readme.END}\nafter\n")
    readme.update(page, pristine)
    answer = readme.answer(pristine)
    assert "| |" in answer
    assert page.read_text() == f"before\n{readme.BEGIN}\n\n{answer}\n\n{readme.END}\nafter\n"


def test_a_readme_without_marks_is_refused(pristine: Path, tmp_path: Path) -> None:
    page = tmp_path / "README.md"
    page.write_text("nothing")
    with pytest.raises(InputError, match="no place for the answer"):
        readme.update(page, pristine)
