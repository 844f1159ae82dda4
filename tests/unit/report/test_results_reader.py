"""Cells that know where they stand, and errors that name what is missing."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from facefair_lib.errors import InputError
from facefair_lib.report.results_reader import Results, Source, is_missing, size, total
from facefair_lib.settings import paths

SUMMARY, EXPERIMENT = "04_metric_analysis/summary", "05_ethnicity_emotion_experiment"


def test_a_cell_is_the_value_of_its_file_line_and_column(results: Results) -> None:
    cell = results.cell(SUMMARY, "value", model="pspnet", metric="iou")
    lines = (results.results_dir / cell.source.file).read_text().splitlines()
    columns, line = lines[0].split(","), lines[int(cell.source.row) - 1].split(",")
    assert line[:2] == ["pspnet", "iou"]
    assert float(line[columns.index(cell.source.column)]) == cell


@pytest.mark.parametrize("epoch", [25, 25.0, "25"])
def test_a_value_is_found_however_it_is_written(results: Results, epoch: object) -> None:
    printed = results.cell("report/published", "value", model="deeplabv3", split="train", metric="iou", epoch=1)
    assert printed == "40.70"  # another paper's number keeps its decimals
    assert results.row("report/published", model="pspnet", split="test", metric="iou", epoch=epoch)
    assert results.row(
        "06_reproduction_audit/consistency", model="pspnet", split="test", check="iou_floor", epoch=epoch
    )


@pytest.mark.parametrize("where", [{"metric": "iou"}, {"metric": "iou", "model": "unet"}])
def test_anything_but_one_row_is_an_error_that_says_which(results: Results, where: dict[str, str]) -> None:
    with pytest.raises(InputError, match=r"summary\.csv\n.* rows with metric=iou"):
        results.cell(SUMMARY, "value", **where)


def test_what_is_missing_is_named_with_how_to_get_it(results: Results, study: Path, tmp_path: Path) -> None:
    (study / f"{SUMMARY}.csv").unlink()
    with pytest.raises(InputError, match=r"(?s)summary\.csv.*until 04_metric_analysis"):
        Results(study, paths.REPORT).rows(SUMMARY)
    with pytest.raises(InputError, match=r"(?s)summary\.csv.*also median"):
        results.cell(SUMMARY, "median", model="pspnet", metric="iou")
    with pytest.raises(InputError, match=r"git checkout published\.csv"):
        Results(tmp_path, tmp_path).rows("report/published")


def test_what_a_profile_lacks_is_not_there(study: Path, edit: Callable[..., None]) -> None:
    edit(f"{EXPERIMENT}/nine", lambda table: table.assign(deeplabv3_iou=float("nan")))
    edit(f"{EXPERIMENT}/groups", lambda table: table.iloc[:0])
    results = Results(study, paths.REPORT)
    assert results.has(SUMMARY) and results.has(SUMMARY, model="pspnet")
    assert not results.has("04_metric_analysis/transfer")
    assert not results.has(f"{EXPERIMENT}/groups")
    assert not results.has(SUMMARY, model="unet")
    assert results.has(f"{EXPERIMENT}/nine") and not results.has(f"{EXPERIMENT}/nine", "deeplabv3_iou")


def test_sums_and_sizes_know_every_line_behind_them(results: Results) -> None:
    rows = results.rows(f"{EXPERIMENT}/groups", model="pspnet", metric="image_iou")
    assert size(rows) == len(rows) == 3
    assert total(rows, "n_images") == sum(row["n_images"] for row in rows)
    source = total(rows, "n_images").source
    assert source == Source(f"{EXPERIMENT}/groups.csv", " ".join(str(row.line) for row in rows), "sum of n_images")


def test_truth_values_are_no_words(study: Path, edit: Callable[..., None]) -> None:
    edit("06_reproduction_audit/ladder", lambda table: table.assign(impossible=["True", *[""] * (len(table) - 1)]))
    first, second, *_ = Results(study, paths.REPORT).rows("06_reproduction_audit/ladder")
    assert first["impossible"] is True
    assert not second["impossible"]
    status = pd.DataFrame([{"fitted": False, "reason": "none"}])
    status.to_csv(study / "09_model_comparison" / "status.csv", index=False)
    assert Results(study, paths.REPORT).cell("09_model_comparison/status", "fitted") is False


def test_empty_cells_are_missing_whatever_their_column_holds(study: Path, edit: Callable[..., None]) -> None:
    edit(f"{EXPERIMENT}/gaps", lambda table: table.assign(best="", gap=float("nan")))
    row = Results(study, paths.REPORT).rows(f"{EXPERIMENT}/gaps")[0]
    assert is_missing(row["best"]) and is_missing(row["gap"])


def test_settings_are_cells_too(results: Results) -> None:
    assert results.setting("data.size").source == Source("config/quick.yaml", "", "data.size")
    scale = results.setting("inference.views")[0]["scale"]
    assert scale.source.column == "inference.views.0.scale"
    with pytest.raises(InputError, match=r"data\.sise"):
        results.setting("data.sise")
