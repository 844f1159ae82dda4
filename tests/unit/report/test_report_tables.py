import re

import numpy as np
import pandas as pd
import pytest

from facefair_lib import paths, tables
from facefair_lib.errors import InputError
from facefair_lib.evidence import DATA, EXPERIMENT, METRICS


def rows_of(text: str) -> list[list[str]]:
    """The table's rows of cells, rules left out."""
    lines = [line for line in text.splitlines() if line.endswith(r"\\")]
    return [[cell.strip() for cell in line.removesuffix(r"\\").split("&")] for line in lines]


@pytest.mark.parametrize("stem", [stem for stem in tables.TABLES if stem != "transfer_scores"])
def test_the_same_results_give_the_same_bytes(study, stem):
    first, second = (tables.build_table(stem, study, paths.REPORT) for _ in range(2))
    assert first == second
    assert first.startswith(r"\begin{tabular}")
    assert first.endswith("\\bottomrule\n\\end{tabular}\n")


@pytest.mark.parametrize("stem", [stem for stem in tables.TABLES if stem != "transfer_scores"])
def test_every_row_has_as_many_cells_as_the_table_has_columns(study, stem):
    text = tables.build_table(stem, study, paths.REPORT)
    columns = len(re.sub(r"@\{\}", "", re.match(r"\\begin\{tabular\}\{(.*)\}", text)[1]))
    for row in rows_of(text):
        spans = [int(found) for found in re.findall(r"\\multicolumn\{(\d+)\}", "&".join(row))]
        assert len(row) + sum(spans) - len(spans) == columns, row


def test_counts_of_images_and_people_stand_last(evidence):
    for table in (
        tables.model_summary(evidence.table(f"{METRICS}/summary").rows, evidence.table(f"{METRICS}/differences").rows),
        tables.class_scores(evidence.table(f"{METRICS}/classes").rows, evidence.table(f"{METRICS}/differences").rows),
        tables.cell_scores(evidence.table(f"{EXPERIMENT}/cells").rows),
    ):
        head = next(row for row in rows_of(table) if "DeepLabV3" in row)
        assert head[-2:] == ["Images", "People"]


def test_the_model_summary_sets_both_models_and_their_difference_side_by_side(evidence):
    text = tables.model_summary(
        evidence.table(f"{METRICS}/summary").rows, evidence.table(f"{METRICS}/differences").rows
    )
    iou = next(row for row in rows_of(text) if row[0] == "IoU")
    assert iou[1:3] == [r"\est{48.0}{45.0}{51.0}", r"\est{52.0}{49.0}{55.0}"]
    assert iou[3:] == [r"\est{$-$4.0}{$-$6.0}{$-$2.0}", "128", "24"]


def test_cells_with_few_people_are_grey_and_others_are_not(evidence):
    text = tables.cell_scores(evidence.table(f"{EXPERIMENT}/cells").rows)
    for row in rows_of(text)[1:]:
        grey = ["gray" in cell for cell in row[1:]]
        assert all(grey) if "Angry" in row[1] else not any(grey)


def test_a_cell_with_exactly_the_least_number_of_people_is_not_grey(evidence):
    cells = evidence.table(f"{EXPERIMENT}/cells").rows
    assert tables.cell_scores(cells, small_cell=6).count("gray") == 0


def test_folders_are_ranked_by_what_they_lost_and_add_up_to_the_total(evidence):
    text = tables.duplicate_folders(evidence.table(f"{DATA}/duplicate_folders").rows, rows=1)
    body = rows_of(text)[1:]
    assert body[0] == [r"\texttt{real}", "real", "3", "1", "196", "200"]
    assert body[1] == ["2 other folders", "", "0", "2", "48", "50"]
    assert body[2] == ["Total", "", "3", "3", "244", "250"]


def test_folders_without_duplicates_are_not_listed_one_by_one(evidence):
    text = tables.duplicate_folders(evidence.table(f"{DATA}/duplicate_folders").rows)
    assert "female01" not in text
    assert "1 other folder &" in text


def test_names_from_the_disk_are_escaped(evidence):
    text = tables.duplicate_folders(evidence.table(f"{DATA}/duplicate_folders").rows)
    assert r"\texttt{male\_50\%}" in text


def test_a_class_that_nobody_shows_is_left_out(evidence):
    classes = evidence.table(f"{METRICS}/classes").rows
    absent = classes.assign(**{c: classes[c].mask(classes["class"] == "specs") for c in ("value", "low", "high")})
    names = [row[0] for row in rows_of(tables.class_scores(absent, evidence.table(f"{METRICS}/differences").rows))]
    assert "Teeth" in names
    assert "Specs / sunglasses" not in names


def test_the_published_numbers_stand_beside_ours(evidence):
    published, summary = evidence.paper("published").rows, evidence.table(f"{METRICS}/summary").rows
    body = rows_of(tables.published_comparison(published, summary, evidence.models()))
    assert next(row for row in body if row[0] == "IoU")[1:] == [
        "48.2", r"\est{48.0}{45.0}{51.0}", "33.5", r"\est{52.0}{49.0}{55.0}"
    ]  # fmt: skip
    assert body[-1] == ["Test images", "419", "128", "419", "128"]
    assert body[-2][1] == r"31\,h 17\,min"


def test_table_one_paints_each_swatch_in_its_own_colour(evidence):
    text = tables.label_colours(evidence.table(f"{DATA}/colours").rows)
    hair = next(row for row in rows_of(text) if row[1] == "Hair")
    assert hair == [r"\swatch{255,255,0}", "Hair", "255", "255", "0"]


def test_gaps_without_enough_people_print_dashes(evidence):
    gaps = evidence.table(f"{EXPERIMENT}/gaps").rows
    numbers = ["gap", "expected_by_chance", "corrected", "low", "high", "p_value"]
    empty = gaps.assign(**dict.fromkeys(numbers, np.nan), best="", worst="")
    assert rows_of(tables.group_gaps(empty))[2] == ["DeepLabV3", "--", "--", "--", "--", "--"]


def test_transfer_rows_carry_the_size_of_their_own_set():
    keys = ("trained_on", "model", "class", "f1", "low", "high", "n_images", "n_subjects")
    values = [("quick", "pspnet", "mean", 0.76, 0.7, 0.8, 70, 24), ("fasseg", "pspnet", "mean", 0.8, 0.7, 0.9, 18, 6)]
    body = rows_of(tables.transfer_scores(pd.DataFrame(values, columns=keys)))
    assert [row[-2:] for row in body[1:]] == [["70", "24"], ["18", "6"]]


def test_an_unknown_metric_says_which_ones_there_are(evidence):
    with pytest.raises(InputError, match="scores of image_iou"):
        tables.cell_scores(evidence.table(f"{EXPERIMENT}/cells").rows, metric="accuracy")


def test_an_unknown_table_says_which_ones_there_are(study):
    with pytest.raises(InputError, match="table1_label_colours"):
        tables.build_table("table9", study, paths.REPORT)


def test_tables_without_their_results_are_not_written(evidence, tmp_path):
    folder = tmp_path / "tables"
    stems = tables.write_tables(evidence, folder)
    assert "transfer_scores" not in stems
    assert {path.stem for path in folder.iterdir()} == set(stems)
