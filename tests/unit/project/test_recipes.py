"""CONTRIBUTING's recipes, followed to the letter: what they ask for is enough."""

from __future__ import annotations

import importlib.util
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from torch import nn

from facefair_course import checking, solving
from facefair_course.exercise import Exercise, expect
from facefair_lib.data.readers import opening
from facefair_lib.data.readers.masked.numbered import NumberedReader
from facefair_lib.experiments.architectures.plan import contenders
from facefair_lib.figures.style import describe, look, new_figure
from facefair_lib.models import build as networks
from facefair_lib.models.adapters import AnySize
from facefair_lib.report import build, codecheck
from facefair_lib.report.results_reader import Results
from facefair_lib.settings import paths
from facefair_lib.settings.labels import INDEX
from facefair_lib.settings.profiles import ComparedNetwork, load_profile
from facefair_lib.study.open import open_study


def promises_in(path: Path) -> ModuleType:
    """The tests of another file, as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def build_tiny(*, backbone: str, num_classes: int, weights: str = "none") -> nn.Module:
    """Two convolutions, for sides that 2 divides."""
    assert (backbone, weights) == ("none", "none")
    coarse = (nn.Conv2d(3, 8, 3, 2, 1, bias=False), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, num_classes, 1))
    return AnySize(nn.Sequential(*coarse, nn.Upsample(scale_factor=2, mode="bilinear")), 2)


class TestANetworkThatFollowsTheRecipe(
    promises_in(Path(__file__).parents[1] / "models" / "test_networks.py").NetworkPromises
):
    """Keeps what every network promises, and can be compared with the others."""

    name, backbone, heads, options = "tiny", "none", {"out"}, {}

    @pytest.fixture(scope="class", autouse=True)
    @staticmethod
    def listed() -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            patch.setitem(networks._BUILDERS, "tiny", build_tiny)
            yield

    def test_is_compared(self) -> None:
        comparison = load_profile("models").comparison
        more = (*comparison.networks[:1], ComparedNetwork(model="tiny", backbone="none"))
        last = contenders(comparison.model_copy(update={"networks": more}), 32)[-1]
        assert (last.name, last.model) == ("tiny_none", "tiny") and last.flops > 0


class ToyReader(NumberedReader):
    """A set whose owner numbers hair before skin."""

    name = "toy"
    layout = "images/*.jpg and labels/*.png"
    parts = {"background": "background", "hair": "hair", "skin": "face"}  # noqa: RUF012 - never changed
    places = {"": ("images", "labels")}  # noqa: RUF012


def test_a_data_set_that_follows_the_recipe_is_opened_by_name_and_read_by_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(opening._HOMES, "toy", __name__)
    for folder in ("images", "labels"):
        (tmp_path / folder).mkdir()
    for name in ("a", "b"):
        Image.new("RGB", (3, 2), "tan").save(tmp_path / "images" / f"{name}.jpg")
        Image.fromarray(np.array([[0, 1, 2], [2, 2, 2]], np.uint8)).save(tmp_path / "labels" / f"{name}.png")
    reader = opening.open_reader("toy", tmp_path)
    manifest = reader.read()
    assert manifest["image_id"].tolist() == ["a", "b"] and set(manifest["source"]) == {"toy"}
    _, labels = reader.pair(manifest.iloc[0].to_dict())
    assert labels.tolist() == [[0, INDEX["hair"], INDEX["face"]], [INDEX["face"]] * 3]
    assert reader.expected_classes == ("background", "face", "hair")


def test_a_figure_that_follows_the_recipe_is_saved_printed_with_its_numbers_and_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path))
    study = open_study("04_metric_analysis", "smoke")
    study.here.save_table("pairs", pd.DataFrame({"model": ["pspnet"], "value": [0.5]}))
    with look():
        figure = new_figure(3, 2)
        figure.subplots().bar(["pspnet"], [0.5])
        study.show(describe(figure, "One bar, as high as one half"), "one_bar")
    floats = tmp_path / "templates" / "floats"
    floats.mkdir(parents=True)
    words = '<< figure("04_metric_analysis/one_bar") >>: << cell("04_metric_analysis/pairs", "value") | percent >>'
    (floats / "new.tex").write_text(words, encoding="utf-8")
    report = tmp_path / "report"
    ledger = build.render(Results(paths.results_dir("smoke"), floats.parent), report)
    assert (report / "floats" / "new.tex").read_text(encoding="utf-8") == "one_bar: 50.0"
    assert ledger[["file", "row", "column"]].to_numpy().tolist() == [["04_metric_analysis/pairs.csv", "2", "value"]]
    assert (report / "figures" / "one_bar.pdf").read_bytes().startswith(b"%PDF")
    listed = codecheck.listed(floats.parent, study.here.figures, tmp_path / "smoke")
    assert {path.name: comment for path, comment in listed.items()} == {
        "one_bar.png": "figure of 04_metric_analysis",
        "pairs.csv": "table of 04_metric_analysis",
    }


LESSON = """
# Lesson 11 · Doubling

**What is twice a number?**

> **After this lesson you can**
> * double a number.
>
> About 10 minutes.
---
from facefair_course import check, scorecard
---
### Exercise 1 · `double`

Return twice the number.
---
def double(number):
    ...  # your turn
---
check("double", double)
---
## To discuss

* Who doubles?
---
scorecard(11)
"""
SLIDES = ("slide", "skip", "subslide", "", "skip", "slide", "skip")


def cell(number: int, source: str, slide: str) -> dict[str, Any]:
    metadata = {"slideshow": {"slide_type": slide}} if slide else {"tags": ["exercise"]}
    made = {"id": f"cell-{number}", "metadata": metadata, "source": source.splitlines(keepends=True)}
    if source.startswith(("#", "*")):
        return {"cell_type": "markdown", **made}
    return {"cell_type": "code", "execution_count": None, "outputs": [], **made}


@pytest.fixture
def hygiene(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The tests that every lesson passes; lesson 11 and its exercise are there for them as the recipe's steps say."""
    monkeypatch.setitem(checking.LESSONS, 11, ("double",))
    exercises = ModuleType("facefair_course.exercises.lesson_11")
    exercises.EXERCISES = {"double": Exercise(lambda: [expect("twice 4", (4,), 8)])}
    monkeypatch.setitem(sys.modules, exercises.__name__, exercises)
    monkeypatch.setattr(checking, "_passed", set())
    (tmp_path / "solutions").mkdir()
    solution = "def double(number):\n    return 2 * number\n"
    (tmp_path / "solutions" / "11_doubling.py").write_text(solution, encoding="utf-8")
    return promises_in(Path(__file__).with_name("test_notebook_hygiene.py"))


def test_a_lesson_that_follows_the_recipe_passes_every_lessons_tests_and_its_check(
    hygiene: ModuleType, tmp_path: Path
) -> None:
    path = tmp_path / "11_doubling.ipynb"
    cells = [cell(i, *part) for i, part in enumerate(zip(LESSON.strip().split("\n---\n"), SLIDES, strict=True))]
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    lesson = {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(lesson), encoding="utf-8")
    for test in (
        hygiene.test_nothing_of_a_run_or_a_machine_is_committed,
        hygiene.test_code_cells_are_short_and_only_students_define_functions,
        hygiene.test_a_lesson_says_its_goals_and_time_and_ends_with_its_scorecard,
        hygiene.test_each_exercise_is_named_explained_left_open_solvable_and_checked_in_the_next_cell,
        hygiene.test_each_heading_of_a_lesson_begins_a_slide_which_leaves_out_imports_and_checks,
        hygiene.test_prose_of_a_lesson_holds_no_decimal_that_it_could_compute,
    ):
        test(path)
    solved = solving.solved(lesson, solving.solutions(solving.solution_file(path)))
    assert last_result(lesson) == "Lesson 11: 0 of 1 exercises passed."
    assert last_result(solved) == "Lesson 11: 1 of 1 exercises passed."


def last_result(lesson: dict[str, Any]) -> str:
    """First line of what the last cell shows when all cells run."""
    *earlier, last = ("".join(part["source"]) for part in lesson["cells"] if part["cell_type"] == "code")
    scope: dict[str, Any] = {}
    for source in earlier:
        exec(source, scope)
    return str(eval(last, scope)).splitlines()[0]
