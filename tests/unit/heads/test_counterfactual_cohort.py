"""The counterfactual cohort: what is changed and what is not, and pictures that are rendered once."""

from __future__ import annotations

import dataclasses
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from facefair_heads.camera.render import Rendering
from facefair_heads.people.person import GENDERS, GROUPS
from facefair_heads.sets import counterfactual_cohort
from facefair_heads.sets.cohort import plan_cohort
from facefair_heads.sets.counterfactual_cohort import (
    COLUMNS,
    MIDDLE,
    TYPICAL_TONES,
    Sheet,
    Version,
    interocular_pixels,
    plan_counterfactuals,
    write_counterfactuals,
)
from facefair_heads.sets.experiment_people import EMOTIONS, plan_experiment
from facefair_lib.settings.profiles import CounterfactualSettings, load_profile, profile_names
from facefair_lib.store.results import Stage

SETTINGS = CounterfactualSettings(
    identities=18, further_tones=(1.0, 10.0), wild_per_group=6, views=load_profile("smoke").inference.views
)

FEW = SETTINGS.model_copy(update={"identities": 6, "further_tones": (10.0,), "wild_per_group": 1})


def versions(seed: int = 20, settings: CounterfactualSettings = SETTINGS) -> list[Version]:
    return [version for sheet in plan_counterfactuals(settings, seed) for version in sheet.versions]


def of_design(design: str) -> list[Version]:
    return [version for version in versions() if version.design == design]


def test_the_plan_has_the_pictures_that_its_settings_say() -> None:
    numbers = Counter(version.design for version in versions())
    assert numbers == {"factorial": 18 * 9, "tone": 18 * 2, "exposed": 18, "noiseless": 18, "wild": 18}
    assert len({version.image_id for version in versions()}) == len(versions())
    assert versions() == versions()
    assert versions() != versions(21)


def test_identities_are_balanced_over_groups_genders_and_emotions() -> None:
    heads = {version.subject_id: version.head for version in of_design("factorial")}
    combinations = Counter((head.group, head.gender, head.emotion) for head in heads.values())
    assert combinations == {
        (group, gender, emotion): 1 for group in GROUPS for gender in GENDERS for emotion in EMOTIONS
    }
    wild = Counter((version.head.group, version.head.gender) for version in of_design("wild"))
    assert set(wild.values()) == {3}


def test_the_factorial_changes_shape_and_tone_and_nothing_else() -> None:
    cells = [version for version in of_design("factorial") if version.subject_id == "identity_0004"]
    drawn = [version.sample() for version in cells]
    assert {(person.group, person.skin_tone) for person, _ in drawn} == {
        (group, tone) for group in GROUPS for tone in TYPICAL_TONES.values()
    }
    neutral = {dataclasses.replace(p, group="asian", skin_tone=1.0, ancestry=(0, 1, 0), shape=()) for p, _ in drawn}
    assert len(neutral) == 1
    assert len({tuple(sorted(person.shape.items())) for person, _ in drawn}) == 1
    assert all(shot == drawn[0][1] for _, shot in drawn)


def test_further_tones_keep_the_identitys_own_group_and_its_shot() -> None:
    base = {version.subject_id: version.sample()[1] for version in of_design("factorial")}
    for version in [*of_design("tone"), *of_design("exposed"), *of_design("noiseless")]:
        person, shot = version.sample()
        assert (person.group, person.skin_tone) == (version.head.group, version.tone)
        own = base[version.subject_id]
        assert shot == (dataclasses.replace(own, grain=0.0) if version.design == "noiseless" else own)


def test_a_face_that_is_exposed_for_is_as_bright_as_one_of_the_middle_tone(tmp_path: Path) -> None:
    middle, dark, exposed = (
        next(v for v in of_design(design) if v.subject_id == "identity_0001" and v.sample()[0].skin_tone == tone)
        for design, tone in (("factorial", MIDDLE), ("tone", 10.0), ("exposed", 10.0))
    )
    shown = Sheet("shown", (dataclasses.replace(middle, group=None), dark, exposed))
    counterfactual_cohort._render_sheet(tmp_path / "shown.npz", shown, 24)
    with np.load(tmp_path / "shown.npz") as stored:
        assert (stored["labels"][1] == stored["labels"][2]).all()
        light = [
            counterfactual_cohort._face_light(Rendering(rgb, label, label))
            for rgb, label in zip(stored["images"], stored["labels"], strict=True)
        ]
    assert light[1] < light[0] / 3
    assert light[2] == pytest.approx(light[0], rel=0.1)


def test_a_typical_tone_is_near_the_mean_of_its_group_as_drawn() -> None:
    from facefair_heads.people.population import sample_person

    for group, tone in TYPICAL_TONES.items():
        drawn = [sample_person(seed, group=group).skin_tone for seed in range(60)]
        assert abs(np.mean(drawn) - tone) < 0.5


@pytest.mark.parametrize("name", profile_names())
def test_nobody_here_is_in_training_or_in_the_experiment(name: str) -> None:
    profile = load_profile(name)
    trained = plan_cohort(profile.cohort, profile.seed) if profile.cohort else []
    others = [*trained, *plan_experiment(profile.experiment.people_per_cell, profile.seed)]
    seeds = {head.person_seed for picture in others for head in picture.heads}
    plan = plan_counterfactuals(profile.counterfactuals, profile.seed)
    assert not seeds & {version.head.person_seed for sheet in plan for version in sheet.versions}


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Stand in for the renderer and note whom it renders."""
    seen: list[str] = []

    def render(person: object, shot: object, size: int, samples: int, cache: object) -> Rendering:
        seen.append(person.group)
        rgb = np.full((size, size, 3), round(10 * person.skin_tone), np.uint8)
        return Rendering(rgb, np.full((size, size), 4, np.uint8), np.ones((size, size), np.float32))

    monkeypatch.setattr(counterfactual_cohort, "render", render)
    monkeypatch.setattr(counterfactual_cohort, "warm_up", lambda: None)
    monkeypatch.setattr(counterfactual_cohort, "interocular_pixels", lambda person, shot, size: size / 4)
    return seen


def test_the_arrays_follow_the_table(tmp_path: Path, rendered: list[str]) -> None:
    write_counterfactuals(tmp_path, FEW, 16, 20, workers=1)
    stage = Stage(tmp_path)
    people, images = stage.table("people"), stage.array("images")
    assert list(people.columns) == COLUMNS
    assert len(people) == len(images) == len(stage.array("labels"))
    changed = people["cohort"] == "counterfactual"
    assert (images[changed, 0, 0, 0] == np.round(10 * people.loc[changed, "skin_tone"])).all()
    assert people["image_id"].tolist() == [version.image_id for version in versions(settings=FEW)]
    assert (people["interocular"] == 4).all()
    assert people.groupby("cohort")["design"].unique().map(set).to_dict() == {
        "counterfactual": {"factorial", "tone", "exposed", "noiseless"},
        "wild": {"wild"},
    }


def test_an_interrupted_run_goes_on_and_a_complete_one_renders_nothing(tmp_path: Path, rendered: list[str]) -> None:
    write_counterfactuals(tmp_path, FEW, 16, 20, workers=1)
    before = (tmp_path / "people.csv").read_bytes()
    next((tmp_path / "sheets").glob("*/identity_0004.npz")).unlink()
    rendered.clear()
    shown: list[tuple[int, int]] = []
    write_counterfactuals(tmp_path, FEW, 16, 20, 1, progress=lambda done, total: shown.append((done, total)))
    assert len(rendered) == 9 + 1 + 5 + 1  # an exposure is found in five
    assert shown == [(len(versions(settings=FEW)), len(versions(settings=FEW)))]
    assert (tmp_path / "people.csv").read_bytes() == before
    rendered.clear()
    write_counterfactuals(tmp_path, FEW, 16, 20, workers=1)
    assert rendered == []


def test_shards_in_any_order_leave_all_sheets_and_no_table(tmp_path: Path, rendered: list[str]) -> None:
    write_counterfactuals(tmp_path / "whole", FEW, 16, 20, workers=1)
    every = len(rendered)
    rendered.clear()
    for k in (1, 3, 2):
        write_counterfactuals(tmp_path / "shards", FEW, 16, 20, 1, shard=(k, 3))
        assert [path.name for path in (tmp_path / "shards").iterdir()] == ["sheets"]
    write_counterfactuals(tmp_path / "shards", FEW, 16, 20, workers=1)
    assert len(rendered) == every
    for name in ("people.csv", "images.npy", "labels.npy"):
        assert (tmp_path / "shards" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


@pytest.mark.parametrize("change", [{"version": "b"}, {"size": 32}, {"seed": 21}])
def test_other_code_size_or_seed_renders_everything_again(tmp_path: Path, rendered: list[str], change: dict) -> None:
    asked = {"size": 16, "seed": 20, "version": "a"}
    write_counterfactuals(tmp_path, FEW, workers=1, **asked)
    rendered.clear()
    write_counterfactuals(tmp_path, FEW, workers=1, **{**asked, **change})
    assert len({*rendered}) == len(GROUPS) and len(rendered) > len(versions(settings=FEW))
    assert len(list((tmp_path / "sheets").iterdir())) == 1


def test_a_rendered_tone_changes_the_picture_and_not_the_labels(tmp_path: Path) -> None:
    pair = tuple(version for version in versions() if version.subject_id == "identity_0001")[:2]
    assert counterfactual_cohort._render_sheet(tmp_path / "pair.npz", Sheet("pair", pair), 24) == 2
    with np.load(tmp_path / "pair.npz") as stored:
        assert (stored["labels"][0] == stored["labels"][1]).all()
        assert (stored["images"][0] != stored["images"][1]).any()
        assert stored["interocular"][0] == stored["interocular"][1] > 0


def test_the_distance_of_the_eyes_does_not_depend_on_where_the_head_is_turned() -> None:
    person, shot = versions()[0].sample()
    front, side = (dataclasses.replace(shot, yaw=yaw, frame=1.5) for yaw in (0.0, 80.0))
    assert interocular_pixels(person, front, 128) == interocular_pixels(person, side, 128)
    assert interocular_pixels(person, front, 256) == pytest.approx(2 * interocular_pixels(person, front, 128))
    # Eyes are about 6 cm apart in a head of 23 cm, which fills two thirds of the picture.
    assert 128 / 1.5 * 0.2 < interocular_pixels(person, front, 128) < 128 / 1.5 * 0.35
