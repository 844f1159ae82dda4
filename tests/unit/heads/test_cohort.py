"""The cohort: a plan that is balanced and keeps people apart, and files that follow it to the byte."""

from __future__ import annotations

import dataclasses
import fcntl
import hashlib
import subprocess
import sys
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from scipy import stats

from facefair_heads.people.expressions import COHORT_EMOTIONS
from facefair_heads.people.person import GENDERS, GROUPS
from facefair_heads.sets import cohort as sets_cohort
from facefair_heads.sets.cohort import Format, Picture, attributes_table, plan_cohort, strangers, write_cohort
from facefair_heads.sets.experiment_people import EMOTIONS as SHOWN_EMOTIONS
from facefair_heads.sets.experiment_people import people_table, plan_experiment
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import decode
from facefair_lib.settings.profiles import CohortSettings, load_profile
from facefair_lib.store import results

SIZE = 32


def settings(**changed: float) -> CohortSettings:
    one_each = ("shots", "two_folders", "multiperson", "exact_duplicates", "near_duplicates", "samples")
    return CohortSettings(**{**dict.fromkeys(one_each, 1), "real": 4, "people": 2, "size": SIZE, **changed})


def copies(plan: list[Picture], retouched: bool) -> list[Picture]:
    return [picture for picture in plan if picture.copy_of and picture.retouched == retouched]


@pytest.mark.parametrize("people", [48, 50])
def test_different_people_are_balanced_over_groups_genders_and_emotions(people: int) -> None:
    plan = plan_cohort(settings(real=people, people=0, two_folders=0, multiperson=0), seed=3)
    heads = [picture.heads[0] for picture in plan if not picture.copy_of]
    counts = Counter((head.group, head.gender, head.emotion) for head in heads)
    cells = set(product(GROUPS, GENDERS, COHORT_EMOTIONS))
    assert set(counts) == cells and sum(counts.values()) == people
    assert max(counts.values()) - min(counts.values()) == (people % len(cells) > 0)


@pytest.mark.parametrize("name", ["quick", "reference"])
def test_nobody_has_two_roles(name: str) -> None:
    profile = load_profile(name)
    roles: dict[int, set[str]] = {}
    for picture in plan_cohort(profile.cohort, profile.seed):
        for head in picture.heads:
            roles.setdefault(head.person_seed, set()).add(picture.subject)
    for picture in plan_experiment(profile.experiment.people_per_cell, profile.people_seed):
        roles.setdefault(picture.heads[0].person_seed, set()).add(picture.subject)
    assert {subjects for subjects in map(frozenset, roles.values()) if len(subjects) > 1} == set()


def test_one_person_keeps_group_gender_and_seed_in_all_folders() -> None:
    plan = plan_cohort(settings(people=8, two_folders=3, shots=4), seed=1)
    named = [picture for picture in plan if not picture.copy_of and picture.subject.startswith(("female", "male"))]
    folders: dict[str, set[str]] = {}
    for picture in named:
        folders.setdefault(picture.subject, set()).add(Path(picture.label).parent.name)
    assert sorted(len(names) for names in folders.values()) == [1] * 5 + [2] * 3
    assert all(names <= {f"{subject}1", f"{subject}2"} for subject, names in folders.items())
    for subject in folders:
        who = {(p.heads[0].person_seed, p.heads[0].group, p.heads[0].gender) for p in named if p.subject == subject}
        assert len(who) == 1
        assert subject.startswith(who.pop()[2])
    assert len({picture.heads[0].shot_seed for picture in named}) == len(named) == 8 * 4 + 3 * 4


def test_pictures_of_several_people_show_two_or_three_different_ones() -> None:
    plan = plan_cohort(settings(multiperson=6, exact_duplicates=0, near_duplicates=0), seed=1)
    together = [picture.heads for picture in plan if len(picture.heads) > 1]
    assert sorted(len(heads) for heads in together) == [2, 2, 2, 2, 3, 3]
    seeds = [head.person_seed for heads in together for head in heads]
    assert len(set(seeds)) == len(seeds)


def test_no_two_pictures_share_a_file_and_every_copy_has_its_source() -> None:
    plan = plan_cohort(settings(real=20, exact_duplicates=5, near_duplicates=4), seed=2)
    assert len({p.sample for p in plan}) == len({p.label for p in plan}) == len(plan)
    originals = {picture.sample: picture.subject for picture in plan if not picture.copy_of}
    assert (len(copies(plan, False)), len(copies(plan, True))) == (5, 4)
    assert all(originals[p.copy_of] == p.subject for p in plan if p.copy_of)
    assert len({p.copy_of for p in plan if p.copy_of}) == 9


def test_the_same_seed_plans_the_same_and_more_of_one_kind_leaves_the_others_alone() -> None:
    assert plan_cohort(settings(), 5) == plan_cohort(settings(), 5)
    few, many = (plan_cohort(settings(multiperson=n, exact_duplicates=0, near_duplicates=0), 5) for n in (1, 4))
    assert set(few) < set(many)
    assert not {p.heads for p in plan_cohort(settings(), 6)} & {p.heads for p in plan_cohort(settings(), 5)}


def test_even_tones_change_the_tone_and_nothing_else() -> None:
    everybody = {"real": 6, "candid": 0.5, "multiperson": 2, "shots": 2}
    plans = [plan_cohort(settings(even_tones=even, **everybody), seed=3) for even in (False, True)]
    plain, even = ([dataclasses.replace(picture, heads=()) for picture in plan] for plan in plans)
    assert even == plain, "the same files, copies and retouches"
    tones = []
    for heads in zip(*([head for picture in plan for head in picture.heads] for plan in plans), strict=True):
        assert dataclasses.replace(heads[1], even_tone=False) == heads[0]
        (person, shot), (other, other_shot) = (head.sample() for head in heads)
        assert other_shot == shot
        assert dataclasses.replace(other, skin_tone=person.skin_tone) == person
        tones.append((person.skin_tone, other.skin_tone))
    assert any(head.candid for picture in plans[1] for head in picture.heads)
    assert all(own != even for own, even in tones)


def test_any_looks_change_brows_hair_colour_and_make_up_and_nothing_else() -> None:
    everybody = {"real": 12, "candid": 0.5, "multiperson": 2}
    plans = [plan_cohort(settings(any_looks=looks, **everybody), seed=3) for looks in (False, True)]
    pairs = list(zip(*([head for picture in plan for head in picture.heads] for plan in plans), strict=True))
    changed = set()
    for heads in pairs:
        (person, shot), (other, other_shot) = (head.sample() for head in heads)
        assert other_shot == shot
        changed |= {name for name in vars(person) if getattr(person, name) != getattr(other, name)}
    assert changed == {"brow", "hair_colour", "eye_makeup"}


@pytest.mark.parametrize("group", GROUPS)
def test_even_tones_are_spread_over_the_whole_scale_in_each_group(group: str) -> None:
    plan = plan_cohort(settings(real=600, people=0, two_folders=0, multiperson=0, even_tones=True), seed=3)
    heads = [picture.heads[0] for picture in plan if not picture.copy_of and picture.heads[0].group == group]
    tones = [head.sample()[0].skin_tone for head in heads]
    assert len(tones) >= 199 and min(tones) >= 1 and max(tones) <= 10
    assert stats.kstest(tones, stats.uniform(1, 9).cdf).pvalue > 0.01
    own = [dataclasses.replace(head, even_tone=False).sample()[0].skin_tone for head in heads]
    assert stats.kstest(own, stats.uniform(1, 9).cdf).pvalue < 1e-6, "a group's own tones are not"


def test_a_named_person_keeps_one_even_tone_in_all_pictures() -> None:
    plan = plan_cohort(settings(people=6, two_folders=3, shots=3, candid=0.5, even_tones=True), seed=1)
    table = attributes_table(plan)
    named = table[table["subject"].str.match("female|male")]
    by_person = named.groupby("subject")["skin_tone"]
    assert by_person.size().min() >= 3 and (by_person.nunique() == 1).all()
    assert by_person.first().nunique() == 6


def test_what_cannot_be_planned_is_refused() -> None:
    with pytest.raises(InputError, match=r"cohort\.people\n(.*\n)+.*lower cohort\.people"):
        plan_cohort(settings(people=200), seed=1)
    with pytest.raises(InputError, match=r"expected: at most \d+, one copy per picture"):
        plan_cohort(settings(exact_duplicates=100), seed=1)


def test_the_experiment_has_one_shown_person_per_cell_and_both_genders() -> None:
    plan = plan_experiment(3, seed=1)
    cells = Counter((p.heads[0].group, p.heads[0].emotion) for p in plan)
    assert cells == dict.fromkeys(product(GROUPS, SHOWN_EMOTIONS), 4)
    shown = [picture.heads[0] for picture in plan if picture.subject.endswith("_000")]
    assert {(head.group, head.emotion) for head in shown} == set(product(GROUPS, SHOWN_EMOTIONS))
    assert {head.gender for head in shown} == set(GENDERS)


def test_scored_people_come_in_sets_of_one_person_per_group_that_share_everything_but_looks() -> None:
    plan = plan_experiment(4, seed=1)
    people = people_table(plan)
    scored, shown = people[people["role"] == "scored"], people[people["role"] == "shown"]
    assert len(scored) == 4 * 9 and len({picture.heads[0].person_seed for picture in plan}) == len(plan)
    for _, part in scored.groupby("matched_set"):
        assert sorted(part["group"]) == sorted(GROUPS)
        same = ["gender", "age", "emotion", "yaw", "light", "glasses", "facial_hair"]
        assert (part[same].nunique() == 1).all()
        assert part["skin_tone"].nunique() == 3
    assert scored["matched_set"].nunique() == 4 * 3
    assert scored.groupby("emotion")["gender"].value_counts().nunique() == 1, "as many women as men"
    assert shown["matched_set"].tolist() == shown["subject_id"].tolist()
    assert shown["yaw"].nunique() == shown["age"].nunique() == 9, "those who are shown differ in everything"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A rendered cohort of eight pictures and their two copies."""
    return write_cohort(tmp_path_factory.mktemp("cohort") / "root", settings(), seed=4, workers=1, version="a")


def pixels(path: Path) -> np.ndarray:
    return np.asarray(Image.open(path))


def digests(root: Path) -> dict[str, str]:
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_every_picture_of_the_plan_is_there_in_the_published_layout(cohort: Path) -> None:
    plan = plan_cohort(settings(), seed=4)
    pngs = {str(path.relative_to(cohort)) for path in cohort.rglob("*.png")}
    assert pngs == {p.sample for p in plan} | {p.label for p in plan}
    for picture in plan:
        assert pixels(cohort / picture.sample).shape == (SIZE, SIZE, 3)
        mask, unknown = decode(pixels(cohort / picture.label))
        assert unknown == {}
        assert {0, 4} <= set(np.unique(mask))  # background and a face
    index = (cohort / "training.xml").read_text(encoding="utf-8")
    assert all(f'<srcimg name="{p.sample}"/>\n  <labelimg name="{p.label}"/>' in index for p in plan)


def test_exact_copies_have_the_same_pixels_and_near_copies_almost(cohort: Path) -> None:
    plan = plan_cohort(settings(), seed=4)
    labels = {picture.sample: picture.label for picture in plan}
    (exact,), (near,) = copies(plan, False), copies(plan, True)
    np.testing.assert_array_equal(pixels(cohort / exact.sample), pixels(cohort / exact.copy_of))
    for copy in (exact, near):
        np.testing.assert_array_equal(pixels(cohort / copy.label), pixels(cohort / labels[copy.copy_of]))
    difference = pixels(cohort / near.sample).astype(int) - pixels(cohort / near.copy_of)
    assert 0 < np.abs(difference).mean() < 10


def test_attributes_are_known_for_everyone_who_is_alone_in_a_picture(cohort: Path) -> None:
    table = pd.read_csv(cohort / "attributes.csv")
    plan = plan_cohort(settings(), seed=4)
    assert table["image"].tolist() == [picture.sample for picture in plan]
    for row, picture in zip(table.to_dict("records"), plan, strict=True):
        if len(picture.heads) == 1:
            head = picture.heads[0]
            assert (row["group"], row["gender"], row["emotion"]) == (head.group, head.gender, head.emotion)
        else:
            assert pd.isna(row["group"])


def test_an_interrupted_cohort_goes_on_with_what_is_missing_and_gives_the_same_bytes(cohort: Path) -> None:
    before = digests(cohort)
    plan = plan_cohort(settings(), seed=4)
    lost = next(picture for picture in plan if picture.subject == "real_00002")
    (cohort / lost.sample).unlink()
    kept = next(picture for picture in plan if picture.subject == "real_00001")
    stamp = (cohort / kept.sample).stat().st_mtime_ns
    steps: list[tuple[int, int]] = []
    write_cohort(
        cohort, settings(), seed=4, workers=1, version="a", progress=lambda done, total: steps.append((done, total))
    )
    assert digests(cohort) == before
    assert (cohort / kept.sample).stat().st_mtime_ns == stamp
    originals = sum(not picture.copy_of for picture in plan)
    assert steps == [(originals, originals)]  # one picture, the last one missing


def test_shards_in_any_order_and_the_cohort_after_them_give_the_same_bytes(cohort: Path, tmp_path: Path) -> None:
    for k in (1, 3, 2):
        write_cohort(tmp_path / "root", settings(), seed=4, workers=1, version="a", shard=(k, 3))
        assert not (tmp_path / "root" / "training.xml").exists()
    rendered = {path: path.stat().st_mtime_ns for path in (tmp_path / "root").rglob("*.png")}
    write_cohort(tmp_path / "root", settings(), seed=4, workers=1, version="a")
    assert digests(tmp_path / "root") == digests(cohort)
    assert {path: path.stat().st_mtime_ns for path in rendered} == rendered, "none is rendered twice"


def test_pictures_of_another_version_are_cleared_before_rendering(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def pretend(root: Path, pictures: list[Picture], form: Format, workers: int):
        for picture in pictures:
            asked.append(picture.sample)
            for name in (picture.sample, picture.label):
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                Image.fromarray(np.zeros((form.size, form.size, 3), np.uint8)).save(root / name)
            yield

    monkeypatch.setattr("facefair_heads.sets.cohort._render_all", pretend)
    for version, rendered in (("a", 8), ("a", 0), ("b", 8)):
        asked.clear()
        write_cohort(tmp_path / "root", settings(), seed=4, workers=1, version=version)
        assert len(asked) == rendered


HELD = """
import fcntl, os, sys
from dataclasses import dataclass
from pathlib import Path
from facefair_heads.sets import cohort

@dataclass
class Held:
    lock: str

    def sample(self):
        os.write(1, b"begun\\n")  # at once: two processes share the pipe
        with open(self.lock) as file:
            fcntl.flock(file, fcntl.LOCK_SH)
        os.write(1, b"goes on\\n")
        os._exit(0)

if __name__ == "__main__":
    cohort.warm_up = lambda: None
    pictures = [cohort.Picture(f"{k}.png", f"{k}.png", "someone", (Held(sys.argv[1]),)) for k in range(2)]
    list(cohort._render_all(Path("."), pictures, cohort.Format(16, 1), 2))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a process with its parent")
def test_a_study_that_is_killed_leaves_no_process_rendering_on(tmp_path: Path) -> None:
    (tmp_path / "held.py").write_text(HELD)
    command = [sys.executable, str(tmp_path / "held.py"), str(tmp_path / "lock")]
    with (tmp_path / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as study:
            begun = [study.stdout.readline() for _ in range(2)]
            study.kill()
            study.wait()
            fcntl.flock(lock, fcntl.LOCK_UN)
            assert begun == ["begun\n"] * 2
            assert study.stdout.read() == ""


def test_a_folder_of_somebody_elses_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "holiday.png").write_bytes(b"mine")
    with pytest.raises(InputError, match="files that were not rendered here"):
        write_cohort(tmp_path, settings(), seed=4, workers=1)
    assert digests(tmp_path) == {"holiday.png": hashlib.sha256(b"mine").hexdigest()}


def test_pictures_of_another_plan_are_cleared_even_if_that_is_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "disk").mkdir()
    (tmp_path / "stage").symlink_to(tmp_path / "disk")
    sets_cohort._start_or_resume(tmp_path / "stage", "a plan")
    (tmp_path / "disk" / "samples").mkdir()

    def killed(folder: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(sets_cohort.shutil, "rmtree", killed)
        sets_cohort._start_or_resume(tmp_path / "stage", "another plan")
    sets_cohort._start_or_resume(tmp_path / "stage", "another plan")
    assert [path.name for path in (tmp_path / "disk").iterdir()] == [".plan"]


def test_a_shard_that_begins_beside_another_takes_no_file_of_it_for_a_strangers(tmp_path: Path) -> None:
    for name in (".plan", ".data_set"):
        with results.replacing(tmp_path / name):
            assert not strangers(tmp_path)
    (tmp_path / "samples").mkdir()
    assert strangers(tmp_path)
