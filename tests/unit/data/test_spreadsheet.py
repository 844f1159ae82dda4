from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from facefair_lib.data.spreadsheet import read_spreadsheet
from facefair_lib.errors import InputError

PEOPLE = {"image": ["a.jpg", "b.jpg"], "subject": ["007", "NA"]}


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return tmp_path / "table.csv"


def read(path: Path, text: str | bytes, *columns: str, encoding: str = "utf-8") -> dict[str, list[str]]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    return read_spreadsheet(path, columns).to_dict("list")


def refused(path: Path, text: str | bytes, *columns: str) -> str:
    with pytest.raises(InputError) as caught:
        read(path, text, *columns)
    return str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        "image,subject\na.jpg,007\nb.jpg,NA\n",
        "image;subject\na.jpg;007\nb.jpg;NA\n",
        "image\tsubject\na.jpg\t007\nb.jpg\tNA\n",
        "sep=;\r\nimage;subject\r\na.jpg;007\r\nb.jpg;NA\r\n",
        '"sep=,"\nimage,subject\na.jpg,007\nb.jpg,NA\n',
        "SEP=|\nimage|subject\na.jpg|007\nb.jpg|NA\n",
        "\ufeffimage;subject\ra.jpg;007\rb.jpg;NA",
        " Image , SUBJECT\n a.jpg ,\u00a0007\n\nb.jpg,NA \n",
        "image,subject,,\na.jpg,007,,\n,,,\nb.jpg,NA,,\n,,,\n , ,,\n",
        ",,\nimage,subject,\na.jpg,007,\nb.jpg,NA,\n",
        '"image";"subject"\n"a.jpg";"007"\n"b.jpg";"NA"\n',
    ],
)
def test_whatever_a_spreadsheet_writes_between_and_around_cells_the_table_is_the_same(table: Path, text: str) -> None:
    assert read(table, text, "image", "subject") == PEOPLE


def test_cells_that_a_row_lacks_at_its_end_are_empty(table: Path) -> None:
    text = "image;subject;mask\na.jpg;ann\nb.jpg;bob;b.png\n"
    assert read(table, text, "image", "subject")["mask"] == ["", "b.png"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_mark_says_the_encoding(table: Path, encoding: str) -> None:
    assert read(table, "image\tsubject\n山.jpg\tZoë\n", encoding=encoding) == {"image": ["山.jpg"], "subject": ["Zoë"]}


def test_decimal_commas_and_quoted_separators_do_not_mislead_about_the_separator(table: Path) -> None:
    assert read(table, "model, size;f1\na;0,5\nb;0,25\n") == {"model, size": ["a", "b"], "f1": ["0,5", "0,25"]}
    assert read(table, 'image,subject\n"a;b;c.jpg","x; y; z"\n') == {"image": ["a;b;c.jpg"], "subject": ["x; y; z"]}
    assert read(table, "f1\n0,5\n0,6\n") == {"f1": ["0,5", "0,6"]}


def test_cells_stay_the_text_that_they_are(table: Path) -> None:
    cells = ["NA", "None", "nan", "007", "7", "1e3", "TRUE", "null", "1,5", "2024-03-09", "-"]
    assert read(table, "subject\n" + "\n".join(f'"{cell}"' for cell in cells))["subject"] == cells


def test_rows_keep_their_line_also_behind_a_cell_of_two_lines(table: Path) -> None:
    table.write_text('sep=,\nimage,note\n\na.jpg,"one\ntwo"\nb.jpg,\n', encoding="utf-8")
    assert read_spreadsheet(table).index.tolist() == [4, 6]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"image,subject\na.jpg,Jos\xe9\n", ("0xE9 in line 2", "'é' in Windows-1252", "CSV UTF-8 (Comma delimited)")),
        (b"image,subject\ra.jpg,Jos\x8e\r", ("0x8E in line 2", "'é' in Mac Roman")),
        ("image\tsubject\na.jpg\tann\n".encode("utf-16-le"), ("UTF-16 without its byte-order mark", "CSV UTF-8")),
        (b"image,subject\na.jpg,a\0nn\n", ("NUL byte in line 2",)),
        (b"\xff\xfei\0m", ("UTF-16",)),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", ("Excel workbook of the old kind", "save the table as CSV")),
        ("image,subject\na.jpg,ann\nb.jpg,bob,more\n", ("line 3", "3 cells", "2, as in the header")),
        ('image,subject\na.jpg,"ann\nb.jpg,bob\n', ("line 2", "a quotation mark that is not closed")),
        ('image,subject\na.jpg,"ann" b\n', ("line 2", "broken quotation marks")),
        ("image,Subject,subject \na.jpg,ann,bob\n", ("two columns named 'subject'",)),
        ("image,subject,\na.jpg,ann,bob\n", ("no name above column 3",)),
        ("", ("an empty file",)),
        ("\n , \n", ("an empty file",)),
        ("image;name\na.jpg;ann\n", ("the columns image, name", "also subject")),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line_and_what_to_do(
    table: Path, text: str | bytes, words: tuple[str, ...]
) -> None:
    message = refused(table, text, "image", "subject")
    assert message.startswith(str(table))
    for word in words:
        assert word in message


@pytest.mark.parametrize(
    ("member", "words"),
    [("xl/workbook.xml", "an Excel workbook"), ("content.xml", "OpenDocument"), ("Index/Tables.iwa", "Numbers")],
)
def test_a_workbook_under_the_name_of_a_table_is_recognised(table: Path, member: str, words: str) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(member, "x")
    message = refused(table, buffer.getvalue())
    assert words in message and "CSV UTF-8" in message


def test_a_folder_and_a_missing_file_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a folder"):
        read_spreadsheet(tmp_path)
    with pytest.raises(InputError, match="no such file"):
        read_spreadsheet(tmp_path / "none.csv")
