"""The last lines of a study: numbers of its own tables, and no line about what is not there."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest

from facefair_lib.settings import paths
from facefair_lib.study.closing import closing_lines

SCORES, GAPS = Path("04_metric_analysis/summary.csv"), Path("05_ethnicity_emotion_experiment/gaps.csv")
KEPT = paths.REPOSITORY / "results" / "kept"


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results of a profile, in a folder of the test."""
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path))
    (tmp_path / "smoke").mkdir()
    return tmp_path / "smoke"


def put(study: Path, table: Path) -> list[dict[str, str]]:
    """Put a table of the committed reference study among the results, and read it as any other program would."""
    (study / table).parent.mkdir()
    shutil.copy(KEPT / table, study / table)
    with (KEPT / table).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_lines_name_what_was_found_the_report_and_what_to_open(study: Path) -> None:
    score = next(row for row in put(study, SCORES) if (row["model"], row["metric"]) == ("pspnet", "iou"))
    of_groups = ("pspnet", "group", "fixed_image_iou")
    gap = next(row for row in put(study, GAPS) if (row["model"], row["feature"], row["metric"]) == of_groups)
    (study / "report-smoke.pdf").touch()
    notebook = study / "notebooks" / "10_answer.ipynb"
    notebook.parent.mkdir()
    notebook.touch()
    found, report, following = closing_lines("smoke")
    assert found.startswith("found: DeepLabV3: mean IoU ")
    assert found.endswith(
        f"; PSPNet: mean IoU {100 * float(score['value']):.1f} %, largest gap between groups "
        f"{100 * float(gap['gap']):.1f} points (p = {float(gap['p_value']):.2g})"
    )
    assert report == f"report: {study / 'report-smoke.pdf'}"
    assert following == f"next: open {notebook} (make lab), or look at pictures and groups (make app PROFILE=smoke)"


def test_without_results_nothing_is_said(study: Path) -> None:
    assert closing_lines("smoke") == []


def test_where_groups_were_not_compared_only_the_scores_are_told(study: Path) -> None:
    put(study, SCORES)
    gaps = put(study, GAPS)
    for rows in ([], [{**row, "gap": "", "p_value": ""} for row in gaps]):  # no groups; groups of too few people
        with (study / GAPS).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(gaps[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        (found,) = closing_lines("smoke")
        assert found.count("mean IoU") == 2
        assert "gap" not in found
