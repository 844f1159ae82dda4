"""Profiles: every file in config/ is valid, and a mistake in one is named."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from facefair_lib.errors import InputError
from facefair_lib.settings import paths
from facefair_lib.settings.profiles import load_profile, parse_profile, profile_names

Values = dict[str, Any]


@pytest.fixture
def values() -> Values:
    """The plain values of the profile ``smoke``, to spoil."""
    return {"name": "mine", **yaml.safe_load((paths.PROFILES / "smoke.yaml").read_text(encoding="utf-8"))}


def test_the_profiles_are_those_the_readme_names() -> None:
    assert profile_names() == [
        "audit",
        "celebamask",
        "facesynthetics",
        "fasseg",
        "helen",
        "ibugmask",
        "lapa",
        "models",
        "mut1ny",
        "paper",
        "quick",
        "smoke",
    ]


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_loads_and_builds_on_a_profile_that_exists(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    assert profile.transfer_from in (None, *profile_names())
    assert (profile.cohort is not None) == (profile.data.source == "rendered")


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_leaves_images_to_train_on(name: str) -> None:
    data = load_profile(name).data
    assert data.validation + data.test <= 0.5


def test_keys_are_explained_beside_them() -> None:
    """Those left over say what they are, or stand in a section that is explained as a whole."""
    lines = [line for path in paths.PROFILES.glob("*.yaml") for line in path.read_text(encoding="utf-8").splitlines()]
    keys = {line.split(":")[0].strip() for line in lines if re.match(r" *[a-z_]+: *[^ #]", line)}
    explained = {line.split(":")[0].strip() for line in lines if "#" in line}
    assert keys - explained == {
        "title",
        "multi",
        "weight_decay",
        "test",
    }


def test_a_profile_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_profile("smoke").seed = 1


def spoil_unknown(values: Values) -> None:
    values["data"]["near_duplicate_bit"] = 3


def spoil_far(values: Values) -> None:
    values["zzz"] = 3


def spoil_missing(values: Values) -> None:
    del values["models"]["pspnet"]["epochs"]


def spoil_range(values: Values) -> None:
    values["training"]["geometric"] = 1.5


def spoil_choice(values: Values) -> None:
    values["models"]["deeplabv3"]["weights"] = "coca"


def spoil_type(values: Values) -> None:
    values["seed"] = "twenty"


def spoil_share(values: Values) -> None:
    values["data"]["test"] = 0


def spoil_cohort(values: Values) -> None:
    values["cohort"] = None


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (spoil_unknown, ["data.near_duplicate_bit", "did you mean 'near_duplicate_bits'?"]),
        (
            spoil_far,
            ["my.yaml: zzz", "analysis, cohort, comparison, composition, counterfactuals, data", "remove this key"],
        ),
        (spoil_missing, ["models.pspnet.epochs", "no such key", "Field required", "add it"]),
        (spoil_range, ["training.geometric", "1.5", "less than or equal to 1"]),
        (spoil_choice, ["models.deeplabv3.weights", "'coca'", "'none', 'imagenet' or 'coco'"]),
        (spoil_type, ["my.yaml: seed", "'twenty'", "valid integer"]),
        (spoil_share, ["data.test", "greater than 0"]),
        (spoil_cohort, ["the section 'cohort' must say how many people to render"]),
    ],
)
def test_a_mistake_is_named_with_its_place_and_the_next_step(
    values: Values, spoil: Callable[[Values], None], words: list[str]
) -> None:
    spoiled = copy.deepcopy(values)
    spoil(spoiled)
    parse_profile(values, "my.yaml")
    with pytest.raises(InputError) as caught:
        parse_profile(spoiled, "my.yaml")
    for word in words:
        assert word in str(caught.value)


def test_a_mistake_inside_a_section_that_may_be_absent_is_named_too(values: Values) -> None:
    values["cohort"]["peeple"] = 3
    with pytest.raises(InputError, match="did you mean 'people'"):
        parse_profile(values, "my.yaml")


def test_an_unknown_profile_lists_those_there_are() -> None:
    with pytest.raises(InputError, match=r"one of audit, celebamask, facesynthetics, fasseg, .*, quick, smoke"):
        load_profile("quik")


def test_a_profile_that_is_no_yaml_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text("seed: [1\ntitle: x", encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.yaml\n  found:    no valid YAML"):
        load_profile("mine", tmp_path)


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words\n"])
def test_a_profile_that_is_no_mapping_names_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.yaml"):
        load_profile("mine", tmp_path)
