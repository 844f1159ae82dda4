"""The stage: every network is fitted as often as asked, and every run is scored on the same people, once."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from facefair_heads.sets.counterfactual_cohort import TYPICAL_TONES
from facefair_lib.data.pictures import Pictures
from facefair_lib.experiments import runs
from facefair_lib.experiments.people import COLUMNS as PEOPLE_COLUMNS
from facefair_lib.experiments.runs import fit_run, run_seed, write_runs
from facefair_lib.models.fitted import load_network
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.scores.metrics import fixed_iou, mean_iou
from facefair_lib.settings.labels import GROUPS, INDEX
from facefair_lib.settings.profiles import DeepLabSettings, ModelSettings, Profile, TrainingSettings, load_profile
from facefair_lib.store import stages
from facefair_lib.store.results import Stage, write_array, write_csv
from facefair_lib.tables.run_scores import KINDS, first_masks, read_runs
from facefair_lib.training.batches import normalise
from facefair_lib.training.fit import fit
from facefair_lib.training.predict import mean_probability, predict

Halves = Callable[[int, int], tuple[np.ndarray, np.ndarray]]
"""Count and seed -> pictures and labels."""
NETWORKS = ("deeplabv3", "pspnet")
LIGHT = {"backbone": "resnet18", "weights": "none", "output_stride": 8, "channels": 8, "epochs": 4}
SCORED = 6


@pytest.fixture(scope="module")
def profile() -> Profile:
    smoke = load_profile("smoke")
    models = smoke.models.model_copy(
        update={
            "deeplabv3": DeepLabSettings(**LIGHT, learning_rate=0.01, atrous_rates=(1, 2, 3)),
            "pspnet": ModelSettings(**LIGHT, learning_rate=0.01),
        }
    )
    training = TrainingSettings(batch_size=2, weight_decay=0.01, dice_weight=1.0, geometric=0.0, colour=0.0)
    return smoke.model_copy(update={"models": models, "training": training, "seed": 3, "runs": 2})


def write_pictures(folder: Path, table: str, rows: pd.DataFrame, pictures: tuple[np.ndarray, np.ndarray]) -> None:
    write_csv(folder / f"{table}.csv", rows)
    for name, array in zip(("images", "labels"), pictures, strict=True):
        write_array(folder / f"{name}.npy", array)


def with_eyes(pictures: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Two eyes in every picture, twelve pixels apart."""
    images, labels = (array.copy() for array in pictures)
    for column in (8, 20):
        labels[:, 26:29, column : column + 4] = INDEX["eyes"]
        images[:, 26:29, column : column + 4] = 250
    return images, labels


def changed_people() -> pd.DataFrame:
    """Two identities in every version, relit as well, and a wild person."""
    rows = []
    for name, own in (("identity_0", "asian"), ("identity_1", "black")):
        rows += [(name, group, tone, "factorial") for group in GROUPS for tone in TYPICAL_TONES.values()]
        rows += [(name, own, 10.0, "tone"), (name, own, 10.0, "exposed")]
    people = pd.DataFrame(
        [*rows, ("wild_0", "black", 9.0, "wild")], columns=["subject_id", "group", "skin_tone", "design"]
    )
    return people.assign(image_id=[f"c{number:02d}" for number in range(len(people))])


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory, profile: Profile, halves: Halves) -> Path:
    """A profile's results up to its networks, as the stages before leave them, and the runs themselves."""
    root = tmp_path_factory.mktemp("study")
    names = [f"i{number:02d}" for number in range(14)]
    split = ["train"] * 8 + ["validation"] * 3 + ["test"] * 3
    prepared = pd.DataFrame({"image_id": names, "subject_id": names, "split": split, "row": range(14)})
    images, labels = halves(14, 0)
    write_pictures(root / "01_data_preparation", "prepared", prepared, (images, labels))
    people = pd.DataFrame({column: [f"{column}{number}" for number in range(SCORED + 1)] for column in PEOPLE_COLUMNS})
    people["role"] = ["shown"] + ["scored"] * SCORED
    write_pictures(root / stages.EXPERIMENT, "people", people, halves(SCORED + 1, 1))
    changed = changed_people()
    write_pictures(root / stages.COUNTERFACTUALS, "people", changed, with_eyes(halves(len(changed), 2)))
    rows = {"train": np.arange(8), "validation": np.arange(8, 11)}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(torch.cuda, "is_available", lambda: False)
        for model, stage in stages.TRAINING_STAGES.items():
            settings = getattr(profile.models, model)
            result = fit(model, settings, profile.training, images, labels, rows, root / stage, profile.seed)
            write_csv(root / stage / "model.csv", result.description)
        write_runs(root, profile, 1)
    return root


@pytest.fixture
def copied(finished: Path, tmp_path: Path) -> Path:
    """A copy of all that, to spoil."""
    return Path(shutil.copytree(finished, tmp_path / "study"))


@pytest.fixture(autouse=True)
def no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU's arithmetic differs from run to run."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> dict[str, list]:
    """The networks that are really fitted, and how many changed people are really looked at, run by run."""
    from facefair_lib.training import fit as module

    seen: dict[str, list] = {"fitted": [], "scored": []}
    fitted, look = module._fit, runs._look_at_changed

    def noted_fit(name: str, *rest: object) -> dict:
        seen["fitted"].append(name)
        return fitted(name, *rest)

    def noted_look(network: torch.nn.Module, changed: Pictures, *rest: object) -> object:
        seen["scored"].append(len(changed.images))
        return look(network, changed, *rest)

    monkeypatch.setattr(module, "_fit", noted_fit)
    monkeypatch.setattr(runs, "_look_at_changed", noted_look)
    return seen


def weights(path: Path) -> torch.Tensor:
    state = torch.load(path, weights_only=True)
    return torch.cat([value.flatten().double() for value in state.values()])


def files(root: Path) -> dict[str, bytes]:
    """The stage's results, without the folder of each run."""
    return {path.name: path.read_bytes() for path in (root / stages.RUNS).iterdir() if path.is_file()}


def test_every_run_has_its_row_and_every_network_its_arrays(finished: Path, profile: Profile) -> None:
    stage = Stage(finished / stages.RUNS)
    table = stage.table("runs")
    assert list(table.columns) == runs.COLUMNS
    assert list(zip(table["model"], table["run"], strict=True)) == [(name, run) for name in NETWORKS for run in (1, 2)]
    assert list(table["seed"]) == [3, 3002, 3, 3002]
    assert (table["epochs"] == 4).all()
    pictures = len(changed_people())
    shapes = {"people": (2, SCORED), "changed": (2, pictures), "outlines": (2, pictures)}
    for model, scores in read_runs(stage).items():
        found = {kind: getattr(scores, kind).shape for kind in KINDS}
        assert found == {**shapes, "reliability": (2, pictures, 10, 3)}
        masks = first_masks(stage, np.ones(pictures, bool))[model]
        assert masks.shape == (pictures, 32, 32) and masks.dtype == np.uint8
        few = np.arange(pictures) < 3
        np.testing.assert_array_equal(first_masks(stage, few)[model], masks[:3])


def test_seeds_of_runs_differ_and_the_first_is_the_studys_own() -> None:
    assert run_seed(20, 1) == 20
    seeds = [run_seed(seed, run) for seed in range(1, 40) for run in range(1, 20)]
    assert len(set(seeds)) == len(seeds)


@pytest.mark.parametrize("model", NETWORKS)
def test_the_first_run_is_that_of_the_training_notebook_and_the_second_another(
    finished: Path, profile: Profile, model: str
) -> None:
    assert not (finished / stages.RUNS / f"{model}_1" / "best.pt").exists(), "it is not fitted twice"
    first = finished / stages.TRAINING_STAGES[model] / "best.pt"
    second = finished / stages.RUNS / f"{model}_2" / "best.pt"
    assert not torch.equal(weights(first), weights(second))
    table = Stage(finished / stages.RUNS).table("runs").set_index(["model", "run"])
    people, test = Stage(finished / stages.EXPERIMENT), Stage(finished / "01_data_preparation")
    kept = read_runs(Stage(finished / stages.RUNS))[model]
    for run, path in ((1, first), (2, second)):
        network = load_network(model, getattr(profile.models, model), path)
        seen = predict(network, people.array("images")[1:], views=profile.inference)  # the first person is only shown
        expected = fixed_iou(confusion_counts(people.array("labels")[1:], seen))
        np.testing.assert_allclose(kept.people[run - 1], expected)
        counts = confusion_counts(
            test.array("labels")[11:], predict(network, test.array("images")[11:], views=profile.inference)
        )
        assert table.loc[(model, run), "test_iou"] == pytest.approx(mean_iou(counts.sum(0)), rel=1e-5)
    assert np.abs(kept.changed[0] - kept.changed[1]).max() > 0.01


def test_changed_people_are_seen_in_one_view_and_only_the_tone_curve_has_outlines_and_confidence(
    finished: Path, profile: Profile
) -> None:
    cohort = Stage(finished / stages.COUNTERFACTUALS)
    images, labels = cohort.arrays()
    changed = changed_people()
    stage = Stage(finished / stages.RUNS)
    own = changed["subject_id"].map({"identity_0": "asian", "identity_1": "black"})
    curve = ((changed["group"] == own) & changed["design"].isin(["factorial", "tone"])).to_numpy()
    assert curve.sum() == 2 * 4
    one_view = profile.inference.model_copy(update={"views": profile.counterfactuals.views})
    for model in NETWORKS:
        kept, masks = read_runs(stage)[model], first_masks(stage, np.ones(len(changed), bool))[model]
        network = load_network(
            model, getattr(profile.models, model), finished / stages.TRAINING_STAGES[model] / "best.pt"
        )
        np.testing.assert_array_equal(masks, predict(network, images, views=one_view))
        np.testing.assert_allclose(kept.changed[0], fixed_iou(confusion_counts(labels, masks)))
        np.testing.assert_array_equal(np.isfinite(kept.outlines), np.stack([curve] * 2))
        assert (kept.outlines[:, curve] > 0).all() and (kept.outlines[:, curve] <= 1).all()
        assert (kept.reliability[:, ~curve] == 0).all()
        counted, _, right = np.moveaxis(kept.reliability[0].sum(1), -1, 0)
        shown = labels != INDEX["background"]
        np.testing.assert_array_equal(counted[curve], shown[curve].sum((1, 2)))
        np.testing.assert_array_equal(right[curve], (shown & (masks == labels))[curve].sum((1, 2)))
        with torch.inference_mode():
            shown_to = normalise(torch.from_numpy(np.array(images)).permute(0, 3, 1, 2))
            sure = mean_probability(network, shown_to, one_view).amax(1).numpy()
        expected = np.where(shown, sure, 0).sum((1, 2))[curve]
        np.testing.assert_allclose(kept.reliability[0, curve, :, 1].sum(1), expected, rtol=1e-3)  # kept in float16


def test_what_is_done_is_done_once(finished: Path, profile: Profile, done: dict[str, list]) -> None:
    before = files(finished)
    steps: list[tuple[int, int]] = []
    write_runs(finished, profile, 1, lambda number, total: steps.append((number, total)))
    assert done == {"fitted": [], "scored": []}
    assert steps == [(number, 4) for number in range(5)]
    assert files(finished) == before


def test_shards_in_any_order_leave_all_runs_and_no_table(copied: Path, profile: Profile, done: dict[str, list]) -> None:
    before = files(copied)
    shutil.rmtree(copied / stages.RUNS)
    for k in (3, 1, 4, 2):
        write_runs(copied, profile, 1, shard=(k, 4))
        assert files(copied) == {}
    assert len(done["fitted"]) == 2 and len(done["scored"]) == 4
    write_runs(copied, profile, 1)
    assert len(done["fitted"]) == 2 and len(done["scored"]) == 4, "all are recalled"
    after = files(copied)
    assert {name: after[name] for name in before if name.endswith(".npy")} == {
        name: content for name, content in before.items() if name.endswith(".npy")
    }


def test_runs_share_the_cores_and_can_be_sent_to_other_processes(
    finished: Path, profile: Profile, done: dict[str, list], monkeypatch: pytest.MonkeyPatch
) -> None:
    def sent(work: Callable, jobs: list[tuple], workers: int) -> Iterator[dict]:
        assert workers == 4
        for job in reversed(jobs):
            assert job[-1] == 2, "eight cores for four runs"
            received, values = pickle.loads(pickle.dumps((work, job)))
            yield pickle.loads(pickle.dumps(received(*values)))

    before = files(finished)
    monkeypatch.setattr(runs, "spread", sent)
    write_runs(finished, profile, 8)
    assert files(finished) == before, "whichever run is done first"
    assert done == {"fitted": [], "scored": []}


def test_fewer_runs_are_the_first_of_many(copied: Path, profile: Profile, done: dict[str, list]) -> None:
    stage = Stage(copied / stages.RUNS)
    both = read_runs(stage)
    write_runs(copied, profile.model_copy(update={"runs": 1}), 1)
    one = read_runs(stage)
    assert list(stage.table("runs")["run"]) == [1, 1]
    for model, kind in ((model, kind) for model in NETWORKS for kind in KINDS):
        np.testing.assert_array_equal(getattr(one[model], kind), getattr(both[model], kind)[:1])
    assert done == {"fitted": [], "scored": []}


def test_another_runs_weights_are_scored_again_without_a_fit(
    copied: Path, profile: Profile, done: dict[str, list]
) -> None:
    before = read_runs(Stage(copied / stages.RUNS))
    path = copied / stages.TRAINING_STAGES["pspnet"] / "best.pt"
    shutil.copy(copied / stages.RUNS / "pspnet_2" / "best.pt", path)
    write_runs(copied, profile, 1)
    after = read_runs(Stage(copied / stages.RUNS))
    assert done == {"fitted": [], "scored": [len(changed_people())]}
    np.testing.assert_array_equal(after["pspnet"].changed[0], before["pspnet"].changed[1])
    np.testing.assert_array_equal(after["deeplabv3"].changed, before["deeplabv3"].changed)


@pytest.mark.parametrize("stage", [stages.EXPERIMENT, stages.COUNTERFACTUALS])
@pytest.mark.parametrize("name", ["images", "labels"])
def test_other_people_or_other_masks_of_them_are_scored_again_without_a_fit(
    copied: Path, profile: Profile, done: dict[str, list], stage: str, name: str
) -> None:
    alone = profile.model_copy(update={"runs": 1})
    before = read_runs(Stage(copied / stages.RUNS))
    changed = Stage(copied / stage).array(name, memory_map=False)[:, ::-1]
    write_array(copied / stage / f"{name}.npy", changed)
    write_runs(copied, alone, 1)
    after = read_runs(Stage(copied / stages.RUNS))
    assert done == {"fitted": [], "scored": [len(changed_people())] * 2}
    kind = "people" if stage == stages.EXPERIMENT else "changed"
    for model in NETWORKS:
        assert not np.array_equal(getattr(after[model], kind), getattr(before[model], kind)[:1])


def test_other_views_are_scored_again_without_a_fit(copied: Path, profile: Profile, done: dict[str, list]) -> None:
    one_view = profile.inference.model_copy(update={"views": profile.counterfactuals.views})
    write_runs(copied, profile.model_copy(update={"inference": one_view, "runs": 1}), 1)
    assert not done["fitted"] and len(done["scored"]) == 2


def test_a_profile_without_further_tones_has_no_curve(copied: Path, profile: Profile) -> None:
    cohort = Stage(copied / stages.COUNTERFACTUALS)
    kept = (changed_people()["design"] == "factorial").to_numpy()
    images, labels = (array[kept] for array in cohort.arrays())
    write_pictures(cohort.folder, "people", changed_people()[kept], (images, labels))
    write_runs(copied, profile.model_copy(update={"runs": 1}), 1)
    for scores in read_runs(Stage(copied / stages.RUNS)).values():
        assert np.isnan(scores.outlines).all() and (scores.reliability == 0).all()
        assert np.isfinite(scores.changed).all()


@pytest.mark.parametrize("run", [1, 2])
def test_a_run_fitted_by_itself_is_the_one_that_the_study_finds(
    finished: Path, profile: Profile, run: int, done: dict[str, list]
) -> None:
    """The first as notebooks 02 and 03 fit it, the others as this stage does: neither is fitted again."""
    for model in NETWORKS:
        assert fit_run(finished, profile, model, run).weights.is_relative_to(finished)
    assert done["fitted"] == []
