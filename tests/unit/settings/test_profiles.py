"""Profiles: every file in config/ is valid, and a mistake in one is named."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from facefair_lib.errors import InputError
from facefair_lib.settings import paths
from facefair_lib.settings.profiles import ONE_VIEW, load_profile, parse_profile, profile_names

Values = dict[str, Any]


@pytest.fixture
def values() -> Values:
    """The plain values of the profile ``smoke``, to spoil."""
    return {"name": "mine", **yaml.safe_load((paths.PROFILES / "smoke.yaml").read_text(encoding="utf-8"))}


def test_the_profiles_are_those_the_readme_names() -> None:
    names = "audit celebamask even_tones facesynthetics fasseg helen ibugmask lapa models mut1ny paper quick reference"
    assert " ".join(profile_names()) == f"{names} shipped smoke"


@pytest.mark.parametrize("name", profile_names())
def test_every_profile_loads_builds_on_one_that_exists_and_leaves_images_to_train_on(name: str) -> None:
    profile = load_profile(name)
    assert profile.name == name
    assert {profile.transfer_from, profile.mitigated_by} <= {None, *profile_names()}
    assert (profile.cohort is not None) == (profile.data.source == "rendered")
    assert profile.data.validation + profile.data.test <= 0.5


def test_parts_too_small_are_kept_where_the_course_papers_protocol_is_followed() -> None:
    assert ONE_VIEW.least_share == 0, "the reproduction's view"
    kept = {name for name in profile_names() if not load_profile(name).inference.least_share}
    assert kept == {"paper", "mut1ny"}


def test_keys_are_explained_beside_them() -> None:
    """Those left over say what they are, or stand in a section that is explained as a whole."""
    files = [paths.PROFILES / f"{name}.yaml" for name in profile_names()]
    lines = [line for path in files for line in path.read_text(encoding="utf-8").splitlines()]
    keys = {line.split(":")[0].strip() for line in lines if re.match(r" *[a-z_]+: *[^ #]", line)}
    explained = {line.split(":")[0].strip() for line in lines if "#" in line}
    assert keys - explained == {"title", "multi", "weight_decay", "test"}


def test_what_mitigates_is_fitted_as_often_as_an_effect_needs_and_scored_on_the_same_people() -> None:
    pairs = [(load_profile(name), load_profile(name).mitigated_by) for name in profile_names()]
    named = [(profile, load_profile(other)) for profile, other in pairs if other]
    assert [(profile.name, other.name) for profile, other in named] == [("reference", "even_tones")]
    for profile, other in named:
        assert min(profile.runs, other.runs) >= 2, "two kinds of training are told from luck by two fits of each"
        assert other.mitigated_by is None
        changed = {name for name in type(profile).model_fields if getattr(profile, name) != getattr(other, name)}
        assert changed == {"name", "title", "runs", "cohort", "mitigated_by"}
        assert other.cohort == profile.cohort.model_copy(update={"even_tones": True})


def test_a_profile_cannot_be_changed_once_read() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load_profile("smoke").seed = 1


MISSING = object()


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("data.near_duplicate_bit", 3, ["data.near_duplicate_bit", "did you mean 'near_duplicate_bits'?"]),
        ("zzz", 3, ["my.yaml: zzz", "analysis, cohort, comparison, composition, counterfactuals", "remove this key"]),
        ("models.pspnet.epochs", MISSING, ["models.pspnet.epochs", "no such key", "Field required", "add it"]),
        ("training.geometric", 1.5, ["training.geometric", "1.5", "less than or equal to 1"]),
        ("models.deeplabv3.weights", "coca", ["models.deeplabv3.weights", "'coca'", "'none', 'imagenet' or 'coco'"]),
        ("seed", "twenty", ["my.yaml: seed", "'twenty'", "valid integer"]),
        ("data.test", 0, ["data.test", "greater than 0"]),
        ("cohort", None, ["the section 'cohort' must say how many people to render"]),
        ("people_seed", MISSING, ["my.yaml: people_seed", "no such key", "add it"]),
        ("people_seed", -1, ["my.yaml: people_seed", "-1", "greater than or equal to 0"]),
        ("runs", 0, ["my.yaml: runs", "greater than or equal to 1"]),
        ("runs", MISSING, ["my.yaml: runs", "no such key", "add it"]),
        ("mitigated_by", 3, ["my.yaml: mitigated_by", "valid string"]),
        ("cohort.even_tones", "some", ["cohort.even_tones", "'some'", "valid boolean"]),
        ("cohort.peeple", 3, ["did you mean 'people'"]),
    ],
)
def test_a_mistake_is_named_with_its_place_and_the_next_step(
    values: Values, key: str, value: object, words: list[str]
) -> None:
    parse_profile(values, "my.yaml")
    *sections, name = key.split(".")
    section = values
    for part in sections:
        section = section[part]
    section[name] = value
    if value is MISSING:
        del section[name]
    with pytest.raises(InputError) as caught:
        parse_profile(values, "my.yaml")
    assert all(word in str(caught.value) for word in words)


def test_an_unknown_profile_lists_those_there_are() -> None:
    with pytest.raises(
        InputError,
        match=r"one of audit, celebamask, even_tones, facesynthetics, fasseg, .*, quick, reference, shipped, smoke",
    ):
        load_profile("quik")


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words\n", "seed: [1\ntitle: x"])
def test_a_profile_that_is_no_mapping_names_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "mine.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=r"mine\.yaml\n  found:    no valid YAML" if "[" in text else r"mine\.yaml"):
        load_profile("mine", tmp_path)
