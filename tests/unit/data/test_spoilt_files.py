"""Whatever happens to a file that facefair reads: it is read, or refused in words; nothing else.

With ``--hypothesis-profile long`` thirty times as many are tried, and others each time.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from spoilt_files import KINDS, OTHER_THINGS, SPOIL, Place, fuzz_one, seeds


@pytest.fixture(scope="module", params=KINDS)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("good") / "files", request.param)


def test_good_files_are_read(place: Place) -> None:
    assert place.read() == ""


@settings(max_examples=settings.default.max_examples // 3)
@given(data=st.data())
def test_a_spoilt_file_is_read_or_refused_in_words(place: Place, data: st.DataObject) -> None:
    path = data.draw(st.sampled_from(sorted(place.good)))
    content = place.good[path]
    for kind in data.draw(st.lists(st.sampled_from(sorted(SPOIL)), min_size=1, max_size=3)):
        where = data.draw(st.integers(0, max(0, len(content) - 1)))
        content = SPOIL[kind](content or b"\0", where, data.draw(st.binary(min_size=1, max_size=16)))
    place.refusal(path, content)


@pytest.mark.parametrize("what", OTHER_THINGS)
def test_what_lies_where_a_file_belongs_is_refused_in_words(place: Place, what: str) -> None:
    told = [place.replaced(path, what) for path in {path.suffix: path for path in place.good}.values()]
    assert all(told) or not place.kind.tells


def test_files_of_other_kinds_are_not_taken_for_ones_own(place: Place) -> None:
    if place.kind.tells:
        path = next(iter(place.good))
        others = [seed[2:] for seed in seeds() if list(KINDS)[seed[0]] != place.name and not seed[1]]
        assert all(place.refusal(path, content) for content in {*others, b"", b"\n"} - {place.good[path]})


def test_folders_of_any_name_are_read(place: Place, tmp_path: Path) -> None:
    name = "-x 'it\"s' $(y) `z` %s {a} #~\\ \n\t; \N{GRINNING FACE} é"
    assert Place(tmp_path / name, place.name).read() == ""
    Place(tmp_path / "no UTF-8: \udcff", place.name).read()


def test_what_the_fuzzer_begins_with_is_read(tmp_path: Path) -> None:
    places: dict[str, Place] = {}
    for seed in seeds():
        if not seed[1]:
            fuzz_one(seed, tmp_path, places)
    assert list(places) == list(KINDS)
