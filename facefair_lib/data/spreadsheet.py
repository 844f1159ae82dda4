"""Tables saved from a spreadsheet: whatever separator and mark it wrote, every cell stays the text that it was."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import pandas as pd

from facefair_lib.errors import InputError
from facefair_lib.settings.path_text import path_text
from facefair_lib.store.results import unguarded

SEPARATORS = "\t;,"  # those that are rarest inside cells come first: the first of equally good ones is taken
_LOOKED_AT = 100  # rows from which the separator is told
# strip() removes every kind of space, but not these, which are also invisible; spreadsheets and web pages leave them.
_INVISIBLE = "\ufeff\u200b\u200c\u200d\u200e\u200f\u2060"
_SEPARATOR_LINE = re.compile(r'^\s*"?sep=(?P<separator>\\t|[^"\r\n])"?[,;\t ]*(?:\r\n|\r|\n|$)', re.IGNORECASE)
_LINE_END = re.compile(rb"\r\n|\r|\n")
# Longer marks first: that of UTF-32 begins like that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_OTHER_KINDS = (
    (b"PK\x03\x04", "a zip archive"),
    (b"\xd0\xcf\x11\xe0", "an Excel workbook of the old kind (.xls)"),
    (b"%PDF", "a PDF"),
    (b"{\\rtf", "a rich-text document"),
)
_KINDS_OF_ZIP = (
    ("xl/", "an Excel workbook (.xlsx)"),
    ("content.xml", "an OpenDocument spreadsheet (.ods)"),
    ("Index/", "a Numbers document"),
)
SAVE_AS_UTF8 = (
    'save the table as CSV in UTF-8: in Excel by Save As, "CSV UTF-8 (Comma delimited)"; in LibreOffice by "Text CSV" '
    'with the character set Unicode (UTF-8); in Numbers by Export to CSV with "Unicode (UTF-8)"'
)


def read_spreadsheet(
    path: Path, required: Sequence[str] = (), known: Collection[str] = (), *, nameless: bool = False
) -> pd.DataFrame:
    """Read a table that a spreadsheet saved as text.

    Columns are separated by commas, semicolons or tabs, or as a first line such as ``sep=;`` says. Lines end in CR, LF
    or both. Empty rows and empty columns without a name are left out. Column names become lower case and spaces around
    names and cells are removed; otherwise every cell stays the text that it was, ``NA``, ``007`` and ``1e3`` as well.
    An apostrophe that keeps a cell such as ``=1+1`` from being a formula is removed.

    Parameters
    ----------
    path : UTF-8, or UTF-16 or UTF-32 with a byte-order mark (Excel's "Unicode Text")
    required : columns that it must have, in lower case
    known : further columns that it may have; both help to find the separator
    nameless : whether a column with cells may lack a name; it is then called "column 1" and so on

    Returns
    -------
    DataFrame of ``str``, indexed by the line of the file in which each row begins; ``attrs["written"]`` holds the
    columns' names as they are written

    Raises
    ------
    InputError
        for a workbook in place of text, another encoding, a row with more cells than the header, a quotation mark that
        is not closed, a missing, repeated or nameless column; names the file and, if it is one line's fault, the line
    """
    path = Path(path)
    text = read_text(path)
    first, separator = 1, ""
    declared = _SEPARATOR_LINE.match(text)
    if declared:
        first, text, separator = 2, text[declared.end() :], declared["separator"].replace("\\t", "\t")
    separator = separator or _separator(text, {*required, *known})
    lines = list(_lines(path, text, separator, first))
    if not any(cell.strip(SEPARATORS) for _, cells in lines for cell in cells):
        raise InputError(path, found="an empty file", expected="a header and rows below it", do="save the table again")
    (_, header), *rows = lines
    for line, cells in rows:
        if any(cells[len(header) :]):
            raise InputError(
                f"{path_text(path)}, line {line}",
                found=f"{len(cells)} cells",
                expected=f"{len(header)}, as in the header",
                do="put quotation marks around cells that hold a separator",
            )
        cells += [""] * (len(header) - len(cells))  # spreadsheets leave out the separators of empty cells at the end
    header = [" ".join(name.split()) for name in header]
    names = [name.lower() for name in header]
    kept = [place for place, name in enumerate(names) if name or any(cells[place] for _, cells in rows)]
    columns = _columns(path, [(place, names[place]) for place in kept], nameless=nameless)
    missing = [name for name in required if name not in columns]
    if missing:
        raise InputError(
            path,
            found=f"the columns {', '.join(columns)}",
            expected=f"also {', '.join(missing)}",
            do="add the missing columns (cells may be empty)",
        )
    index = pd.Index([line for line, _ in rows], dtype="int64", name="line")
    table = pd.DataFrame([[cells[place] for place in kept] for _, cells in rows], index, columns, dtype="str")
    table.attrs["written"] = dict(zip(columns, (header[place] for place in kept), strict=True))
    return table


def read_text(path: Path) -> str:
    """Read a text file in UTF-8, or in the encoding that its byte-order mark says.

    Raises
    ------
    InputError
        if it cannot be read, is a workbook, or is in another encoding: names the first byte that does not fit
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        found = "a folder" if Path(path).is_dir() else f"unreadable: {error.strerror}"
        raise InputError(
            path, found="no such file" if missing else found, expected="a text file in UTF-8", do="check the name"
        ) from error
    _refuse_other_kinds(path, data)
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), "utf-8")
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise InputError(
            path, found=_strange_byte(data, error, encoding), expected="a text file in UTF-8", do=SAVE_AS_UTF8
        ) from error
    if "\0" in text:
        line = len(_LINE_END.findall(text.partition("\0")[0].encode())) + 1
        raise InputError(
            path,
            found=f"a NUL byte in line {line}: not text, or UTF-16 without its byte-order mark",
            expected="a text file in UTF-8",
            do=SAVE_AS_UTF8,
        )
    return text


def _refuse_other_kinds(path: Path, data: bytes) -> None:
    kind = next((kind for magic, kind in _OTHER_KINDS if data.startswith(magic)), "")
    if not kind:
        return
    if data.startswith(b"PK"):
        try:
            with ZipFile(io.BytesIO(data)) as archive:
                names = archive.namelist()
        except BadZipFile:
            names = []
        kind = next((told for start, told in _KINDS_OF_ZIP if any(name.startswith(start) for name in names)), kind)
    raise InputError(
        path,
        found=f"unreadable as text: {kind}",
        expected="a table saved as text; renaming the file does not make it one",
        do=SAVE_AS_UTF8,
    )


def _strange_byte(data: bytes, error: UnicodeDecodeError, encoding: str) -> str:
    """Name the first byte that does not fit the encoding, its line, and its letter in encodings that may be meant."""
    byte = data[error.start : error.start + 1]
    line = len(_LINE_END.findall(data[: error.start])) + 1
    if encoding != "utf-8":
        mark = encoding.removesuffix("-sig").upper()
        return f"a byte-order mark of {mark}, but the byte 0x{byte.hex().upper()} in line {line}"
    meant = {"Windows-1252": byte.decode("cp1252", "ignore"), "Mac Roman": byte.decode("mac_roman", "ignore")}
    letters = " or ".join(f"{letter!r} in {name}" for name, letter in meant.items() if letter)
    return f"not UTF-8: the byte 0x{byte.hex().upper()} in line {line}, perhaps {letters}"


def _lines(path: Path, text: str, separator: str, first: int) -> Iterator[tuple[int, list[str]]]:
    """Yield, for each row that is not empty, the line in which it begins and its cells."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begin = first
    try:
        for cells in reader:
            line, begin = begin, first + reader.line_num
            trimmed = [_trimmed(cell) for cell in cells]
            if any(trimmed):
                yield line, trimmed
    except csv.Error as error:
        opened = "unexpected end of data" in str(error) or "field larger" in str(error)
        raise InputError(
            f"{path_text(path)}, line {begin}",
            found="a quotation mark that is not closed" if opened else f"broken quotation marks ({error})",
            expected='quotation marks around a whole cell; one inside it is written twice ("")',
            do="correct the line, or save the table again from the spreadsheet",
        ) from error


def _trimmed(cell: str) -> str:
    before = None
    while cell != before:  # spaces and invisible marks may alternate
        before, cell = cell, cell.strip().strip(_INVISIBLE)
    return unguarded(cell)


def _separator(text: str, known: Collection[str]) -> str:
    """The separator that gives the most known names in the header; of equals, rows of one width, then most columns.

    Counting separators in the header alone would be misled by decimal commas and by commas in quoted cells.
    """

    def merit(separator: str) -> tuple[int, bool, int]:
        rows: list[list[str]] = []
        try:
            rows += [cells for _, cells in islice(_lines(Path(), text, separator, 1), _LOOKED_AT)]
            even = not any(any(cells[len(rows[0]) :]) for cells in rows)
        except InputError:
            even = False
            rows += [text.splitlines()[0].split(separator)] if text.strip() else []
        header = [_trimmed(name).lower() for name in rows[0]] if rows else []
        return len(known & set(header)) if known else 0, even, len(header)

    return max(SEPARATORS, key=merit)


def _columns(path: Path, named: Sequence[tuple[int, str]], *, nameless: bool) -> list[str]:
    columns = [name or f"column {place + 1}" for place, name in named]
    twice = sorted({name for name in columns if columns.count(name) > 1})
    unnamed = [str(place + 1) for place, name in named if not name]
    if twice or (unnamed and not nameless):
        raise InputError(
            path,
            found=f"two columns named {twice[0]!r}" if twice else f"no name above column {unnamed[0]}, which has cells",
            expected="a different name above each column, in the first line",
            do="rename or remove the column",
        )
    return columns
