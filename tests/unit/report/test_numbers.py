import math
import re

import pandas as pd
import pytest

from facefair_lib import paths
from facefair_lib.errors import InputError
from facefair_lib.evidence import EXPERIMENT, METRICS, Evidence, Table
from facefair_lib.labels import SCORED_CLASSES
from facefair_lib.macros import Macros, macro_name
from facefair_lib.numbers import backbone_title, compose_numbers, scientific
from facefair_lib.results import write_csv
from facefair_lib.tables import build_table

LINE = re.compile(r"^(?:\\newcommand\{\\([A-Za-z]+)\}\{(.*)\}|\\newtoggle\{(\w+)\}\\toggle(?:true|false)\{\3\})% (.+)$")


def macros_of(text: str) -> dict[str, str]:
    return {found[1]: found[2] for line in text.splitlines() if (found := LINE.match(line)) and found[1]}


def test_every_line_defines_one_thing_and_names_file_row_and_column(numbers):
    lines = numbers.splitlines()[1:]
    assert len(lines) > 200
    for line in lines:
        found = LINE.match(line)
        assert found, line
        for origin in found[4].split("; "):
            file, row, *column = origin.split(" ")
            assert re.fullmatch(r"[\w/.]+", file), line
            assert row, line
            assert column, line


def test_a_macro_holds_the_cell_that_its_comment_names(numbers):
    line = next(line for line in numbers.splitlines() if r"{\TestIoUPspnet}" in line)
    assert line.endswith("% 04_metric_analysis/summary.csv model=pspnet,metric=iou value")
    assert macros_of(numbers)["TestIoUPspnet"] == "52.0"
    assert macros_of(numbers)["TestIoUPspnetInterval"] == "49.0 to 55.0"


def test_numbers_of_other_papers_keep_their_decimals(numbers):
    macros = macros_of(numbers)
    assert macros["PublishedTrainIoUFirstDeepLab"] == "40.70"
    assert macros["PublishedTestIoUFirstDeepLab"] == "--"
    assert macros["PublishedPairsRead"] == "16,557"
    assert macros["LiteratureFakeItHelenSynthetic"] == "92.0"


def test_the_iou_implied_by_the_published_f1_follows_from_it(numbers):
    implied = macros_of(numbers)["ImpliedIoUDeepLab"]
    assert float(implied) == pytest.approx(100 * 0.7555 / (2 - 0.7555), abs=0.05)


def test_the_comment_of_a_macro_leads_back_to_its_value(evidence, numbers):
    for line in numbers.splitlines()[1:]:
        found = LINE.match(line)
        trace = re.match(r"(0\d_\w+)/(\w+)\.csv (\S+=.+) (value)$", found[4])
        if not trace:
            continue
        table = evidence.table(f"{trace[1]}/{trace[2]}").rows.astype({"value": float})
        for pair in trace[3].split(","):
            key, value = pair.split("=")
            table = table[table[key].astype(str) == value]
        assert len(table) == 1
        if re.fullmatch(r"-?[\d.]+", found[2] or ""):
            assert float(found[2]) == pytest.approx(100 * table["value"].iloc[0], abs=0.051)


def test_better_and_worse_follow_the_scores(study, settings):
    path = study / METRICS / "summary.csv"
    summary = pd.read_csv(path)
    before = macros_of(compose_numbers(Evidence(study, paths.REPORT), settings))
    swapped = summary.assign(model=summary["model"].map({"deeplabv3": "pspnet", "pspnet": "deeplabv3"}))
    write_csv(path, swapped)
    after = macros_of(compose_numbers(Evidence(study, paths.REPORT), settings))
    assert (before["HigherModel"], before["LowerModel"]) == ("PSPNet", "DeepLabV3")
    assert (after["HigherModel"], after["LowerModel"]) == ("DeepLabV3", "PSPNet")


def test_photographs_without_masks_switch_the_scored_experiment_off(study, settings):
    for name in ("cells", "groups", "emotions", "gaps"):
        path = study / EXPERIMENT / f"{name}.csv"
        write_csv(path, pd.read_csv(path).head(0))
    text = compose_numbers(Evidence(study, paths.REPORT), settings)
    assert r"\togglefalse{experimentscored}" in text
    assert "too few people with masks" in macros_of(text)["GroupGapSummary"]


def test_gaps_that_nobody_could_test_are_told_as_such_after_a_round_trip_through_csv(study, settings):
    path = study / EXPERIMENT / "gaps.csv"
    gaps = pd.read_csv(path)
    empty = ["gap", "expected_by_chance", "corrected", "low", "high", "p_value", "best", "worst"]
    write_csv(path, gaps.assign(**dict.fromkeys(empty, float("nan"))))
    macros = macros_of(compose_numbers(Evidence(study, paths.REPORT), settings))
    assert macros["GroupGapVerdictPspnet"] == "PSPNet cannot be judged here, since there were too few people with masks"
    assert "& -- & --" in build_table("group_gaps", study, paths.REPORT)


def test_a_missing_setting_is_named(evidence, settings):
    del settings["data"]["size"]
    with pytest.raises(InputError, match=r"data\.size"):
        compose_numbers(evidence, settings)


def test_a_missing_result_names_its_file(study, settings):
    (study / METRICS / "differences.csv").unlink()
    with pytest.raises(InputError, match=r"differences\.csv"):
        compose_numbers(Evidence(study, paths.REPORT), settings)


def test_a_missing_column_is_named(study, settings):
    path = study / METRICS / "summary.csv"
    write_csv(path, pd.read_csv(path).drop(columns="low"))
    with pytest.raises(InputError, match="also low"):
        compose_numbers(Evidence(study, paths.REPORT), settings)


@pytest.mark.parametrize("name", ["Test1", "Test_IoU", "", "Test IoU"])
def test_a_macro_name_that_tex_cannot_read_is_refused(name):
    with pytest.raises(ValueError, match="letters only"):
        Macros().add(name, "1", "file row column")


def test_a_macro_cannot_be_defined_twice_nor_without_an_origin():
    macros = Macros()
    macros.add("Seed", "1", "file row column")
    with pytest.raises(ValueError, match="twice"):
        macros.add("Seed", "2", "file row column")
    with pytest.raises(ValueError, match="which cell"):
        macros.add("Other", "2")


def test_macro_names_spell_digits_out():
    assert macro_name("test", "image_iou", "deeplabv3") == "TestImageIoUDeepLab"
    assert macro_name("mean_f1_foreground") == "MeanFOneForeground"
    assert macro_name("male06") == "MaleZeroSix"


def test_a_cell_needs_exactly_one_row():
    table = Table("folder/name", pd.DataFrame({"model": ["a", "a"], "value": [1.0, 2.0]}))
    with pytest.raises(InputError, match="2 rows with model=a"):
        table.cell("value", model="a")
    with pytest.raises(InputError, match="0 rows with model=b"):
        table.cell("value", model="b")
    with pytest.raises(InputError, match="no column 'low'"):
        Table("folder/name", table.rows.head(1)).cell("low", model="a")


@pytest.mark.parametrize(
    ("value", "text"), [(0.0003, r"$3 \cdot 10^{-4}$"), (0.001, "$10^{-3}$"), (0.0025, r"$2.5 \cdot 10^{-3}$")]
)
def test_learning_rates_are_written_as_powers_of_ten(value, text):
    assert scientific(value) == text


def test_backbones_are_spelled_as_in_their_papers():
    assert backbone_title("resnet101") == "ResNet-101"
    assert backbone_title("mobilenet_v3_large") == "MobileNetV3-Large"
    assert backbone_title("my_net") == r"my\_net"


def test_published_csv_holds_every_final_of_the_course_paper_with_a_source(evidence):
    published = evidence.paper("published").rows
    finals = published[(published["epoch"] == 25) & published["value"].notna()]
    assert len(finals) == 2 * 2 * 6
    assert published["source"].notna().all()
    keys = ["model", "split", "metric", "epoch"]
    assert not published.duplicated(keys).any()
    assert not any(math.isnan(value) for value in finals["value"])


@pytest.mark.parametrize("source", SCORED_CLASSES)
def test_the_text_knows_which_data_set_was_read_and_whether_it_labels_fewer_classes(evidence, settings, source):
    read = {**settings, "data": {**settings["data"], "source": source}}
    text = compose_numbers(evidence, read)
    assert {name for name in SCORED_CLASSES if rf"\toggletrue{{{name}}}" in text} == {source}
    assert (r"\toggletrue{fewerclasses}" in text) == (source not in ("rendered", "mut1ny"))


def test_what_a_set_does_not_label_is_named_with_what_it_counts_as(evidence, settings):
    text = compose_numbers(evidence, {**settings, "data": {**settings["data"], "source": "lapa"}})
    assert r"\newcommand{\MergedClasses}{ears as background, facial hair and specs as skin and teeth as mouth}" in text
    assert r"\newcommand{\DataSetTitle}{LaPa, landmark-guided face parsing}" in text
