"""All fits: each done once, kept, scored on other people, and nothing made up where nothing can be fitted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from facefair_lib.experiments.composition import run
from facefair_lib.experiments.composition.plan import GROUPS
from facefair_lib.experiments.composition.run import Pictures, group_scores, write_compositions
from facefair_lib.settings.profiles import CompositionSettings, load_profile
from facefair_lib.store.results import Stage

SETTINGS = CompositionSettings(
    seeds=2,
    images=12,
    size=32,
    backbone="resnet18",
    channels=16,
    epochs=1,
    batch_size=4,
    learning_rate=0.01,
    augmentation=1.0,
)
PROFILE = load_profile("smoke").model_copy(update={"composition": SETTINGS, "seed": 1})


def people(per_group: int, prefix: str, groups: tuple[str, ...] = GROUPS) -> Pictures:
    named = [f"{prefix}_{group}_{number}" for group in groups for number in range(per_group)]
    table = pd.DataFrame({"image_id": named, "subject_id": named, "group": [name.split("_")[1] for name in named]})
    table = table.assign(category="real", row=range(len(table)))
    generator = np.random.default_rng(0)
    images = generator.integers(0, 255, (len(named), 48, 48, 3), np.uint8)
    return Pictures(table, images, np.where(images[..., 0] > 128, 4, 0).astype(np.uint8))


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Stand in for the network: note what is fitted, and score half of every picture's pixels right."""
    seen: list[int] = []

    def fit_small(settings: object, training: object, images: np.ndarray, labels: np.ndarray, seed: int) -> int:
        assert images.shape == (12, 32, 32, 3)
        seen.append(seed)
        return seed

    def confusion(network: int, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
        counts = np.zeros((len(images), 11, 11), np.int64)
        counts[:, 4, 4] = counts[:, 4, 0] = labels.size // len(labels) // 2
        return counts

    monkeypatch.setattr(run, "fit_small", fit_small)
    monkeypatch.setattr(run, "confusion_per_picture", confusion)
    monkeypatch.setattr(run.torch.cuda, "is_available", lambda: False)
    return seen


def write(
    folder: Path, *, seed: int = 1, version: str = "a", prepared: Pictures | None = None, **options: object
) -> Stage:
    prepared = prepared or people(14, "trained")
    profile = PROFILE.model_copy(update={"seed": seed})
    write_compositions(folder, profile, prepared, people(3, "tested"), 1, version, **options)
    return Stage(folder)


def test_every_composition_is_fitted_and_scored_on_people_nobody_trained_on(tmp_path: Path, fitted: list[int]) -> None:
    stage = write(tmp_path)
    fits, scores = stage.table("fits"), stage.table("scores")
    assert list(fits.columns) == run.FIT_COLUMNS
    assert len(fits) == 14
    assert fits[[f"share_{group}" for group in GROUPS]].sum(axis=1).tolist() == pytest.approx([1] * 14, abs=1e-5)
    assert list(scores.columns) == run.SCORE_COLUMNS
    assert len(scores) == 14 * 3
    assert (scores["n_subjects"] == 3).all()
    assert stage.array("test_counts").shape == (14, 9, 11, 11)
    assert stage.table("test_people")["subject_id"].str.startswith("tested").all()
    assert stage.table("status")["status"].item() == run.COMPLETE
    assert 0 < stage.table("baseline")["fixed_image_iou"].min() < 1


def test_fits_of_one_repetition_start_from_the_same_weights(tmp_path: Path, fitted: list[int]) -> None:
    write(tmp_path)
    assert fitted[:7] == [fitted[0]] * 7
    assert fitted[7:] == [fitted[7]] * 7
    assert fitted[0] != fitted[7]


def test_what_is_fitted_is_not_fitted_again_and_what_is_missing_is(tmp_path: Path, fitted: list[int]) -> None:
    write(tmp_path)
    before = (tmp_path / "scores.csv").read_bytes()
    next((tmp_path / "fits").glob("*/mostly_black_seed1.npz")).unlink()
    fitted.clear()
    shown: list[tuple[int, int]] = []
    write(tmp_path, progress=lambda done, total: shown.append((done, total)))
    assert len(fitted) == 1
    assert shown == [(13, 14), (14, 14)]
    assert (tmp_path / "scores.csv").read_bytes() == before
    fitted.clear()
    write(tmp_path)
    assert fitted == []


def test_shards_in_any_order_leave_all_fits_and_no_table(tmp_path: Path, fitted: list[int]) -> None:
    whole = write(tmp_path / "whole")
    fitted.clear()
    for k in (1, 3, 2):
        write(tmp_path / "shards", shard=(k, 3))
        assert not list((tmp_path / "shards").glob("*.csv"))
    assert len(fitted) == 14
    fitted.clear()
    recalled = write(tmp_path / "shards")
    assert fitted == []
    for name in ("scores.csv", "test_counts.npy"):
        assert recalled.path(name).read_bytes() == whole.path(name).read_bytes()


@pytest.mark.parametrize("change", [{"seed": 2}, {"version": "b"}, {"prepared": people(15, "trained")}])
def test_another_seed_code_or_data_set_begins_afresh(tmp_path: Path, fitted: list[int], change: dict) -> None:
    write(tmp_path)
    fitted.clear()
    write(tmp_path, **change)
    assert len(fitted) == 14
    assert len(list((tmp_path / "fits").iterdir())) == 1


def test_a_data_set_without_groups_is_skipped_with_its_reason(tmp_path: Path, fitted: list[int]) -> None:
    prepared = people(14, "trained")
    prepared.table["group"] = None
    stage = write(tmp_path, prepared=prepared)
    status = stage.table("status").iloc[0]
    assert status["status"] == run.SKIPPED
    assert "does not label the group" in status["reason"]
    for name in ("fits", "scores", "baseline", "test_people"):
        assert stage.table(name).empty
    assert stage.array("test_counts").shape == (0, 0, 11, 11)
    assert fitted == []


def test_a_group_score_counts_people_once() -> None:
    table = pd.DataFrame({"group": ["asian"] * 3, "subject_id": ["a", "a", "b"]})
    counts = np.zeros((3, 11, 11), np.int64)
    counts[:, 4, 4], counts[:, 4, 0] = [10, 30, 80], [90, 70, 20]  # background is in no target
    asian, black, _ = group_scores(counts, table)
    assert asian["fixed_image_iou"] == pytest.approx((0.2 + 0.8) / 2)
    assert (asian["n_images"], asian["n_subjects"]) == (3, 2)
    assert np.isnan(black["fixed_image_iou"])
    assert black["n_images"] == 0
