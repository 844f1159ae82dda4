"""Numbers as LaTeX prints them, and the refusal of numbers that come from nowhere."""

import math

import pytest

from facefair_lib.errors import InputError
from facefair_lib.report import filters
from facefair_lib.report.results_reader import Number, Row, Source, Text

HERE = Source("a/table.csv", "2", "value")


def cell(value: float) -> Number:
    return Number(value, HERE)


@pytest.mark.parametrize(
    ("form", "value", "text"),
    [
        ("fixed", 48.25, "48.2"), ("fixed", -0.04, "0.0"), ("fixed", -0.06, "$-$0.1"), ("fixed", math.nan, "--"),
        ("percent", 0.4818, "48.2"), ("percent", math.nan, "--"),
        ("signed", 0.012, "+1.2"), ("signed", -0.012, "$-$1.2"), ("signed", 0.0, "0.0"), ("signed", math.nan, "--"),
        ("count", 16557, "16,557"), ("words", 0, "no"), ("words", 11, "eleven"), ("words", 1300, "1,300"),
        ("duration", 112620, r"31\,h 17\,min"), ("duration", 245, r"4\,min 5\,s"), ("duration", 11.6, r"12\,s"),
        ("duration", 3599.6, r"1\,h 0\,min"),
        ("p", 0.0004, "$<$0.001"), ("p", 0.001, "0.001"), ("p", math.nan, "--"),
        ("p_is", 0.021, "$p = 0.021$"), ("p_is", 0.0004, "$p < 0.001$"),
        ("power_of_ten", 0.0003, r"$3 \cdot 10^{-4}$"), ("power_of_ten", 0.001, "$10^{-3}$"),
        ("quoted", 0.1, "0.1"), ("quoted", "40.70", "40.70"),
    ],
)  # fmt: skip
def test_a_number_is_printed_as_a_reader_expects(form: str, value: float | str, text: str) -> None:
    printed = filters.FILTERS[form](Text(value, HERE) if isinstance(value, str) else cell(value))
    assert printed == text
    assert printed.numbers == ((text, HERE),)


def test_counted_things_agree_with_their_number() -> None:
    assert filters.counted(cell(1), "epoch") == "1 epoch"
    assert filters.counted(cell(1234), "epoch") == "1,234 epochs"
    assert filters.counted(cell(2), "person", "people") == "2 people"


@pytest.mark.parametrize(("items", "text"), [([], "none"), (["a"], "a"), (["a", "b", "c"], "a, b and c")])
def test_lists_read_as_running_text(items: list[str], text: str) -> None:
    assert filters.listed(items) == text


@pytest.mark.parametrize("typed", [48.2, 3, "48.2"])
def test_a_number_from_no_cell_is_refused(typed: object) -> None:
    with pytest.raises(InputError, match="comes from no cell"):
        filters.percent(typed)


def test_escaping_leaves_no_character_that_latex_would_read() -> None:
    assert filters.tex(r"male_50% & #1 \x{y}") == r"male\_50\% \& \#1 \textbackslash{}x\{y\}"
    assert filters.title("south_asian & co") == r"South asian \& co"
    assert filters.listed(["a_b", "c"]) == r"a\_b and c"
    assert filters.compose("{} ({})", "50%", filters.Tex(r"\emph{x}")) == r"50\% (\emph{x})"


def test_an_estimate_shows_its_interval_and_knows_three_cells() -> None:
    row = Row("a/table", 7, {"value": 0.5, "low": 0.4, "high": 0.6, "gain": 0.01, "gain_low": -0.02, "gain_high": 0.04})
    assert filters.est(row) == r"\est{50.0}{40.0}{60.0}"
    assert filters.est(row, "gain", "signed") == r"\est{+1.0}{$-$2.0}{+4.0}"
    assert [source.column for _, source in filters.est(row, "gain").numbers] == ["gain", "gain_low", "gain_high"]
    assert filters.interval(row) == "40.0 to 60.0"


def test_an_estimate_without_interval_stands_alone() -> None:
    assert filters.est(Row("a/table", 2, {"value": 0.5, "low": math.nan, "high": 0.6})) == "50.0"
    assert filters.est(Row("a/table", 2, {"value": math.nan, "low": 0.4, "high": 0.6})) == "--"


def test_keys_get_their_titles() -> None:
    assert filters.contrast("asian-black") == "Asian $-$ Black"
    assert filters.composition("mostly_asian") == "Mostly Asian"
    assert filters.in_text("facial_hair") == "facial hair / beard"
    assert filters.in_text("iou") == "IoU"
    assert filters.attribute("18-29") == "18--29"
    assert filters.attribute(cell(6.24)) == "6"
    assert filters.attribute(cell(0.24)) == "0.24"
    assert filters.attribute(Text("", HERE)) == "--"


def test_a_network_is_named_with_what_was_added_and_its_backbone_with_the_part_that_is_used() -> None:
    row = Row("a/table", 2, {"model": "pspnet", "fine_maps": True})
    assert filters.network(row) == "PSPNet with fine maps"
    assert filters.network(Row("a/table", 2, {"model": "pspnet", "fine_maps": False})) == "PSPNet"
    assert filters.network(Row("a/table", 2, {"model": "pspnet"})) == "PSPNet"  # written before there were any
    assert filters.backbone("efficientnet_lite0", "pspnet") == "EfficientNet-Lite0 to stride 16"
    assert filters.backbone("efficientnet_lite0") == "EfficientNet-Lite0"


@pytest.mark.parametrize("letter", ["\n", "\x1b", "\x7f", "\x85", "ħ", "、", "😀", "\u202e", "\ud800"])
def test_what_the_reports_fonts_lack_is_printed_by_its_number(letter: str) -> None:
    assert filters.tex(f"Zoë–{letter}") == f"Zoë–(U+{ord(letter):04X})"
