"""``facefair check-scores`` as people type it: rows worked out by hand, the course paper's, and wrong files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from real_counts import scores_of
from typer.testing import CliRunner, Result

from facefair_lib.__main__ import app
from facefair_lib.errors import InputError
from facefair_lib.reproduction import table_checks, table_sentences
from facefair_lib.reproduction.table_reader import read_number, read_scores
from facefair_lib.settings import paths

POSSIBLE_ROW = "accuracy,precision,recall,f1,iou\n0.90,0.80,0.80,0.80,0.67\n"


def run(*words: object) -> Result:
    result = CliRunner().invoke(app, ["check-scores", *map(str, words)])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def written(folder: Path, *lines: str, name: str = "table.csv", encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n", encoding=encoding)
    return path


def blocks(output: str) -> dict[str, list[str]]:
    """Name of a row -> the lines below it; the last line of all is no row's."""
    found: dict[str, list[str]] = {}
    for line in output.splitlines()[:-1]:
        if line.startswith("  "):
            found[list(found)[-1]].append(line.strip())
        else:
            found[line] = []
    return found


@pytest.fixture
def paper(tmp_path: Path) -> Path:
    """The course paper's eight rows, in per cent as printed."""
    finals = table_checks.final_scores(pd.read_csv(paths.REPORT / "published.csv"))
    printed = finals.assign(**{score: 100 * finals[score] for score in table_checks.SCORES})
    printed.to_csv(tmp_path / "paper.csv", index=False, float_format="%.2f")
    return tmp_path / "paper.csv"


def test_the_course_papers_rows_have_the_known_verdicts(paper: Path) -> None:
    result = run(paper, "--percent")
    assert result.exit_code == 1
    told = blocks(result.output)
    assert len(told) == 8
    assert told["deeplabv3, test, 25"][1] == (
        "impossible: IoU 48.18 is below 60.71, the least that goes with F1 75.55 under one threshold"
    )
    assert told["deeplabv3, test, 1"][1:] == ["possible"]  # it prints no IoU
    worse = {name for name, lines in told.items() if any("worse than trivial" in line for line in lines)}
    assert worse == {name for name in told if name.startswith("pspnet")}
    assert sum(any(line.startswith("impossible") for line in lines) for lines in told.values()) == 6
    last = result.output.splitlines()[-1]
    assert last.startswith("7 of 8 rows have a broken check (6 impossible, 4 worse than trivial); all rows imply")
    assert last.endswith("% positives: one and the same yes-or-no question")


def test_the_spurious_zero_is_undone_before_anything_is_judged(tmp_path: Path) -> None:
    # F1 0.60 and IoU 0.40 were means over 3 batches and a zero: without it 0.80 and 0.53, and 0.8 / 1.2 is 0.67.
    path = written(tmp_path, "f1,iou", "0.60,0.40")
    output = run(path, "--spurious-zero", 3).output
    assert output.splitlines()[0].endswith("every score times 4/3.")
    assert blocks(output)["row 1"] == [
        "impossible: IoU 0.53 is below 0.67, the least that goes with F1 0.80 under one threshold"
    ]
    assert "IoU 0.40 is below 0.43" in run(path).output


def test_a_score_that_leaves_no_room_for_a_zero_is_refused(tmp_path: Path) -> None:
    result = run(written(tmp_path, "model,f1", "A,0.95"), "--spurious-zero", 3)
    assert result.exit_code == 2
    assert "F1 of A" in result.output and "at most 0.75" in result.output and "--spurious-zero" in result.output


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        # 2 x 0.5 x 0.5 / (0.5 + 0.5) = 0.5
        (",0.50,0.50,0.60,", "F1 0.60 is above 0.50, the most that goes with precision 0.50 and recall 0.50"),
        # 0.8 / (2 - 0.8) = 0.667
        (",,,0.80,0.60", "IoU 0.60 is below 0.67, the least that goes with F1 0.80 under one threshold"),
        (",,,0.80,0.90", "IoU 0.90 is above F1 0.80, which it never exceeds"),
        # errors per positive: 0.2 missed + 0.8 x 0.2 / 0.8 = 0.2 false alarms; 0.8 / 0.4 = 2
        (
            "0.20,0.80,0.80,,",
            "accuracy 0.20, precision 0.80 and recall 0.80 together would take 200 % positives, "
            "as only means over classes or very unlike images can",
        ),
        # errors per positive: 0.1 + 0.9 x 0.75 / 0.25 = 2.8; 0.5 / 2.8 = 0.179 positives
        ("0.50,0.25,0.90,,", "accuracy 0.50 is below 0.82, what an answer that finds nothing scores"),
    ],
)
def test_each_broken_check_has_its_sentence(tmp_path: Path, row: str, sentence: str) -> None:
    result = run(written(tmp_path, "accuracy,precision,recall,f1,iou", row))
    verdict = "worse than trivial" if "finds nothing" in sentence else "impossible"
    assert f"{verdict}: {sentence}" in blocks(result.output)["row 1"]
    assert result.exit_code == (1 if verdict == "impossible" else 0)


def test_a_possible_row_says_so_and_names_its_positives(tmp_path: Path) -> None:
    result = run(written(tmp_path, POSSIBLE_ROW.strip()))
    # 0.1 / (0.2 + 0.2) = 0.25; with precision and recall 0.795 to 0.805 and errors 0.095 to 0.105: 0.231 to 0.269
    assert blocks(result.output) == {"row 1": ["positives: 25.0 % (rounding leaves 23 to 27 %)", "possible"]}
    assert result.exit_code == 0
    assert result.output.splitlines()[-1] == "0 of 1 rows have a broken check"


def test_columns_may_have_other_names_cases_and_order(tmp_path: Path) -> None:
    path = written(tmp_path, "Jaccard,Network, DICE ,Data", "0.60,U-Net,0.80,test")
    table = read_scores(path)
    assert table.names == ("U-Net, test",)
    assert table.scores.loc[0, ["f1", "iou"]].tolist() == [0.80, 0.60]
    assert run(path).exit_code == 1


def test_spreadsheets_that_write_semicolons_and_decimal_commas_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, "model;f1;iou", "A;75,55;48,18", "B;-;", encoding="utf-8-sig")
    table = read_scores(path, percent=True)
    assert table.scores.loc[0, ["f1", "iou"]].tolist() == pytest.approx([0.7555, 0.4818])
    assert table.scores.loc[1].isna().all()
    assert (table.decimals["f1"], table.decimals["iou"]) == (2, 2)


def test_decimals_are_the_most_found_in_a_column_unless_they_are_given(tmp_path: Path) -> None:
    path = written(tmp_path, "accuracy,f1,iou", "61,75.5,48.18", "62.0,75.55,48", "")
    assert read_scores(path, percent=True).decimals == {"accuracy": 1, "precision": 0, "recall": 0, "f1": 2, "iou": 2}
    given = read_scores(path, percent=True, decimals=1)
    assert given.steps == pytest.approx(dict.fromkeys(table_checks.SCORES, 0.001))


def test_coarser_rounding_accuses_less(tmp_path: Path) -> None:
    path = written(tmp_path, "f1,iou", "0.80,0.65")  # 0.795 / 1.205 is 0.660, 0.75 / 1.25 is 0.6
    assert run(path).exit_code == 1
    assert run(path, "--decimals", 1).exit_code == 0


def test_means_over_classes_keep_the_limits_of_f1_and_lose_the_share_of_positives(tmp_path: Path) -> None:
    # Three classes; pixel accuracy of all is no class's accuracy, and "takes" 200 % positives.
    path = written(tmp_path, "accuracy,precision,recall,f1,iou", "0.20,0.80,0.80,0.79,0.50")
    assert "200 % positives" in run(path).output
    averaged = run(path, "--averaged")
    assert blocks(averaged.output)["row 1"] == [
        "impossible: IoU 0.50 is below 0.65, the least that goes with F1 0.79 under one threshold"
    ]
    assert run(written(tmp_path, "accuracy,precision,recall", "0.20,0.80,0.80"), "--averaged").exit_code == 0


def test_means_over_very_unlike_images_are_impossible_only_until_it_is_said_that_they_are_such(tmp_path: Path) -> None:
    images = pd.DataFrame(
        [scores_of(50, 50, 0, 0), scores_of(10, 0, 90, 0)]
    )  # half positive; all, of which a tenth found
    table = images.mean().to_frame().T
    table.to_csv(tmp_path / "means.csv", index=False, float_format="%.4f")
    assert "110.53 % positives" in run(tmp_path / "means.csv").output
    assert run(tmp_path / "means.csv").exit_code == 1
    assert run(tmp_path / "means.csv", "--averaged").exit_code == 0


def test_rows_of_different_questions_are_given_their_range_alone(tmp_path: Path) -> None:
    header, hair = "class,accuracy,precision,recall", "hair,0.9000,0.8000,0.8000"  # 25 % positives
    apart = run(written(tmp_path, header, hair, "eyes,0.9800,0.8000,0.8000"))  # 5 %
    assert apart.output.splitlines()[-1].endswith("all rows imply between 5.0 and 25.0 % positives")
    close = run(written(tmp_path, header, hair, "hair,0.8960,0.8000,0.8000", "eyes,,0.8000,0.8000"))  # 26 %
    last = close.output.splitlines()[-1]
    assert last.endswith("2 rows imply between 25.0 and 26.0 % positives: one and the same yes-or-no question")
    coarse = run(written(tmp_path, header, *["hair,0.9,0.8,0.8"] * 2))  # rounding leaves open which
    assert coarse.output.splitlines()[-1].endswith("all rows imply between 25.0 and 25.0 % positives")


def test_the_checks_never_replace_the_table_that_is_checked(paper: Path) -> None:
    table = paper.read_bytes()
    result = run(paper, "--percent", "--out", paper.parent / "." / paper.name)
    assert result.exit_code == 2
    assert "would overwrite the table" in result.output
    assert paper.read_bytes() == table


def test_the_checks_are_written_with_their_sentences(paper: Path, tmp_path: Path) -> None:
    out = tmp_path / "new" / "checks.csv"
    assert run(paper, "--percent", "--out", out).exit_code == 1
    checks = pd.read_csv(out)
    assert checks.columns.tolist() == ["row", "name", "check", "value", "limit", "low", "high", "verdict", "sentence"]
    finals = table_checks.final_scores(pd.read_csv(paths.REPORT / "published.csv"))
    expected = table_checks.check_table(finals, step=1e-4)
    np.testing.assert_allclose(checks["value"], expected["value"], rtol=1e-5)
    assert checks["verdict"].tolist() == expected["verdict"].tolist()
    assert (checks["sentence"].notna() == (checks["verdict"] != table_checks.POSSIBLE)).all()
    assert [path.name for path in out.parent.iterdir()] == ["checks.csv"]


def test_a_table_without_any_check_is_written_too_and_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    table = written(tmp_path, "model,f1,recall", "A,0.80,0.90")
    done = run(table, "--out", tmp_path / "out.csv")
    assert done.exit_code == 0 and pd.read_csv(tmp_path / "out.csv").empty
    assert blocks(done.output)["A"][0].startswith("not checked: too few scores are given to check anything")
    result = run(table, "--out", tmp_path)
    assert result.exit_code == 2 and str(tmp_path) in result.output and "give another --out" in result.output


@pytest.mark.parametrize(
    ("lines", "options", "words"),
    [
        (("model,epoch", "A,1"), (), "at least one of accuracy, precision, recall, f1, iou, dice, jaccard"),
        (("f1,dice", "0.8,0.8"), (), "one column for f1"),
        (("f1,iou",), (), "a header and nothing below it"),
        ((), (), "an empty file"),
        (("model,f1", "A,0.8", "B,good"), (), "line 3, column f1\n  found:    'good'"),
        (("model,f1", "A,48.2 %"), ("--percent",), "write the number alone"),
        (("model,f1", "A,0.75 ± 0.02"), (), "without signs and intervals"),
        (("model,f1", "A,75.55"), (), "add --percent"),
        (("model,f1", "A,175.5"), ("--percent",), "per cent from 0 to 100"),
        (("model,F1", "A,-0.2"), (), "line 2, column F1\n  found:    the value -0.2"),
        (("model,f1,iou", "A,1,234,0.75"), (), "line 2\n  found:    4 cells"),
    ],
)
def test_a_bad_file_is_named_with_what_to_do(
    tmp_path: Path, lines: Sequence[str], options: Sequence[str], words: str
) -> None:
    path = written(tmp_path, *lines)
    result = run(path, *options)
    assert result.exit_code == 2
    assert str(path) in result.output and words in result.output


def test_files_that_are_missing_or_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "book.xlsx").write_bytes(b"PK\x03\x04\xff\xfe")
    for name, words in (("nothing.csv", ["no such file"]), ("book.xlsx", ["unreadable", "save the table as CSV"])):
        result = run(tmp_path / name)
        assert result.exit_code == 2 and f"{name}\n  found:    {words[0]}" in result.output
        assert all(word in result.output for word in words)


@pytest.mark.parametrize("text", ["1e3", "nan", "inf", "1_0", "1.2.3", "٣"])
def test_only_numbers_as_papers_print_them_are_numbers(text: str) -> None:
    with pytest.raises(InputError, match="F1"):
        read_number(text, "F1", percent=True)


@pytest.mark.parametrize(("text", "share", "decimals"), [(".755", 0.755, 3), ("0,5", 0.5, 1), ("1", 1.0, 0)])
def test_numbers_are_read_as_papers_print_them(text: str, share: float, decimals: int) -> None:
    assert read_number(text, "F1", percent=False) == (share, decimals)


# Hits, false alarms, misses and quiet answers; without a hit precision or recall may not exist.
counts = st.tuples(st.integers(1, 10_000), *[st.integers(0, 10_000)] * 3)
batches = st.lists(counts, min_size=1, max_size=4)
few = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])  # each reads a file


def judged(folder: Path, rows: Sequence[dict[str, float]], digits: int, percent: bool, averaged: bool) -> pd.DataFrame:
    """Checks of rows printed with so many decimals."""
    printed = [",".join(f"{value * (100 if percent else 1):.{digits}f}" for value in row.values()) for row in rows]
    table = read_scores(written(folder, ",".join(rows[0]), *printed), percent=percent)
    return table_sentences.check_scores(table, averaged=averaged)


@few
@given(batches, st.integers(0, 6), st.booleans())
def test_a_table_of_real_counts_is_never_called_impossible(
    tmp_path: Path, rows: list[tuple[int, int, int, int]], digits: int, percent: bool
) -> None:
    checks = judged(tmp_path, [scores_of(*row) for row in rows], digits, percent, averaged=False)
    assert table_checks.IMPOSSIBLE not in set(checks["verdict"])


@few
@given(batches, st.integers(0, 6), st.booleans())
def test_means_of_real_scores_over_classes_or_images_are_never_called_impossible(
    tmp_path: Path, parts: list[tuple[int, int, int, int]], digits: int, percent: bool
) -> None:
    means = pd.DataFrame([scores_of(*part) for part in parts]).mean().to_dict()
    checks = judged(tmp_path, [means], digits, percent, averaged=True)
    assert table_checks.IMPOSSIBLE not in set(checks["verdict"])
    assert not {"prevalence", "empty_mask"} & set(checks["check"])


@few
@given(counts, st.integers(1, 500))
def test_a_mean_with_a_zero_too_many_is_possible_once_it_is_undone(
    tmp_path: Path, part: tuple[int, int, int, int], number: int
) -> None:
    row = {name: value * number / (number + 1) for name, value in scores_of(*part).items()}
    printed = ",".join(f"{value:.4f}" for value in row.values())
    table = read_scores(written(tmp_path, ",".join(row), printed))
    checks = table_sentences.check_scores(table, zero_among=number)
    assert table_checks.IMPOSSIBLE not in set(checks["verdict"])
