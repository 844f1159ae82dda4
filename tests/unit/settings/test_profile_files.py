"""A profile that extends another: what is merged, and what is said where that goes wrong."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from facefair_lib.errors import InputError
from facefair_lib.settings import paths
from facefair_lib.settings.profile_files import merge, read_profile
from facefair_lib.settings.profiles import load_profile


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with the profile ``smoke``, to extend."""
    (tmp_path / "smoke.yaml").write_bytes((paths.PROFILES / "smoke.yaml").read_bytes())
    return tmp_path


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_profile_holds_what_it_gives_and_for_the_rest_what_it_extends(folder: Path) -> None:
    write(folder, "mine", "extends: smoke\nseed: 7\nmodels:\n  pspnet:\n    epochs: 5\n")
    mine, smoke = load_profile("mine", folder), load_profile("smoke", folder)
    expected = smoke.model_dump()
    expected |= {"name": "mine", "seed": 7}
    expected["models"]["pspnet"]["epochs"] = 5
    assert mine.model_dump() == expected


def test_the_nearest_profile_of_a_chain_decides(folder: Path) -> None:
    write(folder, "middle", "extends: smoke\nseed: 1\ndata: {validation: 0.1}\n")
    write(folder, "mine", "extends: middle\nseed: 2\n")
    mine = load_profile("mine", folder)
    assert (mine.seed, mine.data.validation, mine.data.test) == (2, 0.1, 0.2)


def test_null_and_lists_replace_what_was_there(folder: Path) -> None:
    text = "extends: smoke\ncohort: null\ndata: {source: lapa}\ncounterfactuals: {further_tones: [2, 9]}\n"
    write(folder, "mine", text)
    mine = load_profile("mine", folder)
    assert mine.cohort is None and mine.counterfactuals.further_tones == (2, 9)
    write(folder, "mine", "extends: smoke\nadaptation: {photographs: [0], draws: 1, steps: 2, learning_rate: 0.1}\n")
    assert load_profile("smoke", folder).adaptation is None  # whose place a section may take
    assert load_profile("mine", folder).adaptation.steps == 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("extends: smok\n", ["mine.yaml: extends", "'smok', but there is no file", "one of mine, smoke", "'smoke'?"]),
        ("extends: xyz\n", ["mine.yaml: extends", "name one of these, or remove this key"]),
        ("extends: [smoke]\n", ["mine.yaml: extends", "['smoke']", "the name of one profile"]),
        ("extends:\n", ["mine.yaml: extends", "None", "the name of one profile"]),
        ("extends: mine\n", ["mine.yaml: extends", "a circle: mine extends mine"]),
        ("exteds: smoke\n", ["mine.yaml: exteds", "did you mean 'extends'?"]),
        ("extends: smoke\nname: other\n", ["mine.yaml: name", "'other'", "named by its file"]),
        ("extends: smoke\ndata: {sise: 64}\n", ["mine.yaml: data.sise", "did you mean 'size'?"]),
        ("extends: smoke\ndata: {size: 7}\n", ["mine.yaml: data.size", "7", "greater than or equal to 32"]),
        ("extends: smoke\ndata:\n", ["mine.yaml: data", "None", "dictionary"]),
        ("extends: smoke\ncohort: {real: -1}\n", ["mine.yaml: cohort.real", "-1"]),
        ("extends: smoke\ncohort: null\n", ["the section 'cohort' must say how many people to render"]),
        ("extends: smoke\ndata: {source: lappa}\n", ["mine.yaml: data.source", "'lappa'", "rendered, mut1ny, fasseg"]),
        (
            "extends: smoke\ninference: {views: [{scale: 1, mirrored: false, flip: 1}]}\n",
            ["mine.yaml: inference.views.0.flip", "one of mirrored, scale"],
        ),
    ],
)
def test_a_mistake_is_named_with_its_file_its_key_and_the_next_step(folder: Path, text: str, words: list[str]) -> None:
    write(folder, "mine", text)
    with pytest.raises(InputError) as caught:
        load_profile("mine", folder)
    for word in words:
        assert word in str(caught.value)


def test_a_mistake_in_an_extended_file_names_that_file(folder: Path) -> None:
    write(folder, "below", "extends: smoke\ntraining: {batch_size: 1}\n")
    write(folder, "mine", "extends: below\ntraining: {weight_decay: 0.5}\n")
    with pytest.raises(InputError, match=r"below\.yaml: training\.batch_size"):
        load_profile("mine", folder)


def test_a_key_that_no_file_gives_is_missed_in_the_profile_itself(folder: Path) -> None:
    values = yaml.safe_load((folder / "smoke.yaml").read_text(encoding="utf-8"))
    del values["models"]["pspnet"]["epochs"]
    write(folder, "below", yaml.safe_dump(values))
    write(folder, "mine", "extends: below\nmodels: {pspnet: {channels: 8}}\n")
    with pytest.raises(InputError, match=r"mine\.yaml: models\.pspnet\.epochs\n  found:    no such key"):
        load_profile("mine", folder)


def test_a_circle_is_named_from_where_it_closes(folder: Path) -> None:
    write(folder, "a", "extends: b\n")
    write(folder, "b", "extends: c\n")
    write(folder, "c", "extends: b\n")
    with pytest.raises(InputError, match=r"c\.yaml: extends\n  found:    a circle: b extends c extends b"):
        load_profile("a", folder)


def test_the_origin_of_a_value_is_the_nearest_file_that_gives_it(folder: Path) -> None:
    mine = write(folder, "mine", "extends: smoke\ndata: {size: 64}\n")
    files = read_profile("mine", folder)
    assert files.origin(("data", "size")) == mine
    assert files.origin(("data", "fit")) == folder / "smoke.yaml"
    assert files.origin(("inference", "views", 1, "scale")) == folder / "smoke.yaml"
    assert files.origin(("inference", "views", 9)) == mine


NESTED = st.recursive(st.integers(), lambda below: st.dictionaries(st.sampled_from("abc"), below), max_leaves=8)
SECTION = st.dictionaries(st.sampled_from("abc"), NESTED)


@given(SECTION, SECTION)
def test_merging_keeps_what_is_above_and_adds_only_what_is_below(below: dict, above: dict) -> None:
    before = repr((below, above))
    merged = merge(below, above)
    assert merge(below, {}) == merge({}, below) == below
    assert merge(merged, above) == merged
    assert merged.keys() == below.keys() | above.keys()
    assert repr((below, above)) == before, "merging changed what it was given"
