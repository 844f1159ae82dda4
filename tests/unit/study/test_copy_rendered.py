"""People that another profile rendered: taken over when nothing differs, rendered otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from facefair_lib.settings import paths
from facefair_lib.settings.profiles import Profile, load_profile
from facefair_lib.store import stages
from facefair_lib.store.provenance import FILE_NAME
from facefair_lib.study import run_stage as study_run_stage
from facefair_lib.study.run_stage import run_stage


@pytest.fixture
def rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the profiles whose experiment was really rendered, in order."""
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("FACEFAIR_CORES", "1")
    names: list[str] = []

    def render(profile: Profile, cores: int, shard: tuple[int, int]) -> None:
        folder = paths.results_dir(profile.name) / stages.EXPERIMENT
        (folder / "pictures").mkdir(parents=True, exist_ok=True)
        (folder / "pictures" / "a.png").write_bytes(f"picture of {len(names)}".encode())
        names.append(profile.name)

    monkeypatch.setitem(study_run_stage._STEPS, stages.EXPERIMENT, render)
    return names


@pytest.fixture
def two_profiles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Writes the profiles ``one`` and ``two``, equal but for what is changed in the second."""
    text = (paths.PROFILES / "smoke.yaml").read_text(encoding="utf-8")
    folder = tmp_path / "config"
    folder.mkdir()
    monkeypatch.setattr(paths, "PROFILES", folder)

    def write(old: str = "", new: str = "") -> None:
        assert old in text
        (folder / "one.yaml").write_text(text, encoding="utf-8")
        (folder / "two.yaml").write_text(text.replace(old, new) if old else text, encoding="utf-8")

    return write


def run_experiment(profile: str) -> Path:
    run_stage(stages.EXPERIMENT, profile, data="", photos="", cores=1)
    return paths.results_dir(profile) / stages.EXPERIMENT


def test_equal_people_are_copied_and_the_copy_has_its_own_provenance(rendered, two_profiles, capsys) -> None:
    two_profiles()
    one = run_experiment("one")
    two = run_experiment("two")
    assert rendered == ["one"]
    assert (two / "pictures/a.png").read_bytes() == (one / "pictures/a.png").read_bytes()
    assert json.loads((two / FILE_NAME).read_text())["profile"] == "two"
    assert "copied from the profile one" in capsys.readouterr().out


def test_settings_of_other_stages_do_not_matter_but_the_stages_own_do(rendered, two_profiles) -> None:
    two_profiles("replicates: ", "replicates: 1")
    assert load_profile("one").analysis != load_profile("two").analysis
    run_experiment("one")
    run_experiment("two")
    assert rendered == ["one"]
    two_profiles("people_per_cell: ", "people_per_cell: 1")
    run_experiment("two")
    assert rendered == ["one", "two"]


@pytest.mark.parametrize("key", ["code", "packages"])
def test_people_rendered_by_other_code_or_packages_are_not_taken(rendered, two_profiles, key: str) -> None:
    two_profiles()
    made = run_experiment("one") / FILE_NAME
    values = json.loads(made.read_text())
    values[key] = ["another"] if key == "code" else {**values[key], "numpy": "0.1"}
    made.write_text(json.dumps(values))
    run_experiment("two")
    assert rendered == ["one", "two"]


def test_an_unfinished_stage_is_not_taken_and_leftovers_of_ones_own_go(rendered, two_profiles) -> None:
    two_profiles()
    one = run_experiment("one")
    (one / FILE_NAME).rename(one / "kept.json")
    leftover = run_experiment("two") / "pictures" / "old.png"
    assert rendered == ["one", "two"]
    leftover.write_bytes(b"")
    (one / "kept.json").rename(one / FILE_NAME)
    run_experiment("two")
    assert rendered == ["one", "two"]
    assert not leftover.exists()
    assert [path.name for path in leftover.parent.iterdir()] == ["a.png"]


def test_people_of_whom_a_picture_is_missing_are_not_taken(rendered, two_profiles) -> None:
    two_profiles()
    (run_experiment("one") / "pictures" / "a.png").unlink()
    run_experiment("two")
    assert rendered == ["one", "two"]


def test_a_profile_does_not_take_its_own_people(rendered, two_profiles) -> None:
    two_profiles()
    run_experiment("one")
    run_experiment("one")
    assert rendered == ["one", "one"]
