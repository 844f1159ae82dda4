"""The results store: whole files or none, the same bytes each time, errors that say what to run."""

from __future__ import annotations

import csv
import multiprocessing
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd
import pytest
from openpyxl import load_workbook

from facefair_lib.errors import InputError
from facefair_lib.store import results
from facefair_lib.store.results import Stage


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_writer_that_fails_leaves_the_old_file_and_no_temporary_one(tmp_path: Path) -> None:
    path = results.write_text(tmp_path / "kept.txt", "old")
    with pytest.raises(RuntimeError, match="disk"), results.replacing(path) as temporary:
        temporary.write_text("half", encoding="utf-8")
        raise RuntimeError("disk")
    assert path.read_text(encoding="utf-8") == "old"
    assert files(tmp_path) == ["kept.txt"]


def test_a_table_that_cannot_be_written_leaves_nothing(tmp_path: Path) -> None:
    class Unwritable:
        def __str__(self) -> str:
            raise RuntimeError("no text")

    with pytest.raises(RuntimeError, match="no text"):
        results.write_csv(tmp_path / "table.csv", pd.DataFrame({"a": [1, Unwritable()]}))
    assert files(tmp_path) == []


def test_readers_see_the_old_file_until_the_new_one_is_complete(tmp_path: Path) -> None:
    path = results.write_text(tmp_path / "a.txt", "old")
    with results.replacing(path) as temporary:
        assert temporary.parent == path.parent  # a rename is atomic only within one file system
        assert temporary.suffix == ".txt"
        temporary.write_text("new", encoding="utf-8")
        assert path.read_text(encoding="utf-8") == "old"
    assert path.read_text(encoding="utf-8") == "new"


def test_json_is_sorted_ends_with_a_newline_and_can_be_read_by_others(tmp_path: Path) -> None:
    path = results.write_json(tmp_path / "deep" / "a.json", {"b": 1, "a": "é"})
    assert path.read_text(encoding="utf-8") == '{\n  "a": "é",\n  "b": 1\n}\n'
    assert path.stat().st_mode & 0o777 == 0o644


def test_csv_bytes_are_fixed(tmp_path: Path) -> None:
    table = pd.DataFrame({"name": ["a", "b,c"], "score": [1 / 3, np.nan], "count": [1, 20_000_000]}, index=[7, 3])
    path = results.write_csv(tmp_path / "table.csv", table)
    assert path.read_bytes() == b'name,score,count\na,0.333333,1\n"b,c",,20000000\n'


def test_tables_come_back_with_empty_text_and_absent_numbers(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.save_table("people", pd.DataFrame({"group": ["asian", ""], "age": [20.0, np.nan]}))
    table = stage.table("people")
    assert table["group"].tolist() == ["asian", ""]
    assert np.isnan(table["age"][1])


def test_arrays_come_back_memory_mapped_and_read_only(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.save_array("counts", np.arange(6).reshape(2, 3))
    array = stage.array("counts")
    assert isinstance(array, np.memmap)
    assert not array.flags.writeable
    np.testing.assert_array_equal(stage.array("counts", memory_map=False), [[0, 1, 2], [3, 4, 5]])


def test_arrays_of_python_objects_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="allow_pickle=False"):
        results.write_array(tmp_path / "a.npy", np.array([{}]))
    assert files(tmp_path) == []


def test_a_result_that_is_not_there_names_the_command_that_makes_it(tmp_path: Path) -> None:
    stage = Stage(tmp_path / "quick" / "02_train_deeplabv3")
    with pytest.raises(InputError) as caught:
        stage.table("history")
    assert str(stage.folder / "history.csv") in str(caught.value)
    assert "facefair study --profile quick --until 02_train_deeplabv3" in str(caught.value)


def fail(path: Path) -> None:
    raise InputError(path, found="nothing", expected="a picture", do="look")


def test_input_errors_come_back_from_worker_processes_as_they_were() -> None:
    with multiprocessing.get_context("spawn").Pool(1) as pool, pytest.raises(InputError) as caught:
        pool.map(fail, [Path("a.png")])
    error = caught.value
    assert str(error) == "a.png\n  found:    nothing\n  expected: a picture\n  do:       look"
    assert (error.subject, error.do) == (Path("a.png"), "look")


NAMES = ["NA", "None", "nan", "007", "7", "1e3", "TRUE", "null", "-"]


@pytest.mark.parametrize("column", ["image_id", "subject_id", "group", "emotion", "source", "best", "anything"])
def test_text_comes_back_as_the_text_it_was_whatever_it_looks_like(tmp_path: Path, column: str) -> None:
    stage = Stage(tmp_path)
    stage.save_table("people", pd.DataFrame({column: NAMES, "value": 0.5}))
    assert stage.table("people")[column].tolist() == NAMES


@pytest.mark.parametrize("names", [["7", "8"], ["1000", "2000"], ["True", "False"], ["1.5", ""], ["00012", "0"]])
def test_names_of_people_and_groups_stay_text_where_all_of_them_look_like_numbers(
    tmp_path: Path, names: list[str]
) -> None:
    stage = Stage(tmp_path)
    stage.save_table("people", pd.DataFrame({"subject_id": names, "group": names}))
    assert stage.table("people")["subject_id"].tolist() == stage.table("people")["group"].tolist() == names


def test_numbers_come_back_as_numbers_however_they_are_written(tmp_path: Path) -> None:
    table = pd.DataFrame({
        "count": [1, 20], "value": [1e-9, -0.25], "large": [1.5e12, float("nan")], "bound": [float("-inf"), 0.0],
        "small": [True, False], "nothing": [float("nan")] * 2,
    })  # fmt: skip
    stage = Stage(tmp_path)
    stage.save_table("scores", table)
    pd.testing.assert_frame_equal(stage.table("scores"), table)


def test_a_workbook_says_nothing_of_when_it_was_written(tmp_path: Path) -> None:
    table = pd.DataFrame({"epoch": [1, 2], "loss": [0.5, 0.25]})
    path = results.write_workbook(tmp_path / "history.xlsx", table)
    pd.testing.assert_frame_equal(pd.read_excel(path), table)
    properties = load_workbook(path).properties
    assert {properties.created.year, properties.modified.year} == {1980}
    with ZipFile(path) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


CELLS = ["=1+1", "+1 person", "-x", "@home", "'=1", "''-", "it's", "-5", "-0.5e+300", "-", "\tx", "", "a=b"]


def test_no_cell_is_a_formula_of_a_spreadsheet_and_each_is_read_back_as_it_was(tmp_path: Path) -> None:
    table = pd.DataFrame({"group": CELLS, "value": -1.5, "mixed": [*CELLS[:-1], None]})
    path = results.write_csv(tmp_path / "a.csv", table)
    with path.open(encoding="utf-8", newline="") as file:
        written = [cell for row in list(csv.reader(file))[1:] for cell in row]
    assert {cell for cell in written if cell[:1] in set("=+-@\t\r") and cell} == {"-5", "-0.5e+300", "-1.5"}
    read = results.read_csv(path)
    assert read["group"].tolist() == CELLS
    assert read["mixed"].tolist() == [*CELLS[:-1], ""]
