"""The analysis plan: the file that is shipped can be followed, asks people nobody has seen, and a mistake is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
import yaml

from facefair_lib.errors import InputError
from facefair_lib.scores.resampling import ALPHA
from facefair_lib.settings import paths
from facefair_lib.settings.labels import EMOTIONS, GROUPS
from facefair_lib.settings.plan import FamilyName, load_plan
from facefair_lib.settings.profiles import load_profile, profile_names
from facefair_lib.tables.answer import planned_effects
from facefair_lib.tables.run_scores import RunScores


@pytest.fixture
def values() -> dict[str, Any]:
    """The plain values of the shipped plan, to spoil."""
    return yaml.safe_load(paths.PLAN.read_text(encoding="utf-8"))


def test_its_people_are_those_of_the_profiles_that_follow_it_and_of_no_profile_whose_people_were_looked_at() -> None:
    plan = load_plan()
    asked = {name for name in profile_names() if load_profile(name).people_seed == plan.people_seed}
    assert asked == {"reference", "even_tones"}
    assert plan.people_seed not in {load_profile(name).seed for name in profile_names()}


def test_its_findings_are_called_at_the_level_of_all_other_tests() -> None:
    assert load_plan().alpha == ALPHA


def test_the_plan_is_no_profile() -> None:
    assert paths.PLAN.parent == paths.PROFILES and paths.PLAN.is_file()
    assert paths.PLAN.stem not in profile_names()
    with pytest.raises(InputError, match="one of audit, celebamask") as caught:
        load_profile("analysis")
    assert paths.PLAN.stem not in str(caught.value)


def test_the_primary_family_comes_first_and_each_is_named_once() -> None:
    names = [family.name for family in load_plan().families]
    assert names[0] == "tones_of_groups"
    assert len(set(names)) == len(names)


def test_all_families_a_plan_may_name_are_computed(values: dict[str, Any], tmp_path: Path) -> None:
    question = {"question": "?", "measure": "score"}
    values["families"] = [{"name": name, **question} for name in get_args(FamilyName)]
    path = tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(values), encoding="utf-8")
    tones = [(group, tone, "factorial") for group in GROUPS for tone in (3.0, 4.0, 7.0)]
    rows = [
        (f"identity_{number}", *version)
        for number in range(2)
        for version in [*tones, (GROUPS[number], 1.0, "tone"), (GROUPS[number], 10.0, "tone")]
    ]
    changed = pd.DataFrame(rows, columns=["subject_id", "group", "skin_tone", "design"])
    sets = [f"set_{number}" for number in range(6)]
    people = pd.DataFrame({"matched_set": np.repeat(sets, 3), "emotion": np.repeat(EMOTIONS * 2, 3)})
    each = np.ones((2, len(changed)))
    scored = RunScores(np.ones((2, 18)), each, each, np.ones((2, len(changed), 10, 3)))
    runs = {"deeplabv3": scored, "pspnet": scored}
    effects = planned_effects(load_plan(path), runs, people, changed, lambda group, at: np.full(len(at), 1 / len(at)))
    assert {effect.family for effect in effects} == set(get_args(FamilyName))


MISSING = object()


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("margn", 0.02, "margn"),
        ("margin", MISSING, "margin"),
        ("alpha", 0, "alpha"),
        ("people_seed", None, "people_seed"),
        ("families", [], "families"),
        ("families", [{"name": "tone", "question": "?", "measure": "score"}], "families.0.name"),
        ("families", [{"name": "total", "question": "?", "measure": "score", "marign": True}], "families.0.marign"),
    ],
)
def test_a_mistake_is_named_with_its_file_and_key(
    values: dict[str, Any], tmp_path: Path, key: str, value: object, word: str
) -> None:
    path = tmp_path / "my_plan.yaml"
    spoilt = {name: kept for name, kept in {**values, key: value}.items() if kept is not MISSING}
    path.write_text(yaml.safe_dump(spoilt), encoding="utf-8")
    with pytest.raises(InputError, match=rf"my_plan\.yaml: {word}\n"):
        load_plan(path)


@pytest.mark.parametrize("text", [None, "", "just words\n", "alpha: [1\nscore: x"])
def test_a_plan_that_is_not_there_or_no_mapping_names_the_file(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "my_plan.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"my_plan\.yaml\n  found:    no such file" if text is None else "my_plan"):
        load_plan(tmp_path / "my_plan.yaml")
