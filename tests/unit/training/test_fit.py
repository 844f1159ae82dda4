"""Fitting: it learns, it repeats, and an interruption changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from lightning.pytorch.accelerators import CPUAccelerator
from lightning.pytorch.callbacks import EMAWeightAveraging
from lightning.pytorch.strategies import SingleDeviceStrategy

from facefair_lib.errors import InputError
from facefair_lib.models.fitted import load_network
from facefair_lib.settings.profiles import DeepLabSettings, ModelSettings, SmallStart, TrainingSettings
from facefair_lib.training import fit as fitting
from facefair_lib.training import network
from facefair_lib.training.batches import ArrayBatches
from facefair_lib.training.device import Device, choose_device
from facefair_lib.training.fit import FitResult, _task, averaging_decay, fit, trainer_for
from facefair_lib.training.number_format import BF16, FP32, NumberFormat

Fit = Callable[..., FitResult]


@pytest.fixture
def fit_deeplabv3(
    discs: tuple[np.ndarray, np.ndarray],
    rows: dict[str, np.ndarray],
    light_deeplabv3: DeepLabSettings,
    training: TrainingSettings,
) -> Fit:
    """Fit the light DeepLabV3, which has dropout and batch norm, with anything changed by name."""

    def run(folder: Path, **changed: object) -> FitResult:
        seed = changed.pop("seed", 5)
        data = changed.pop("data", discs)
        start = changed.pop("start", None)
        model = light_deeplabv3.model_copy(update=changed)
        return fit("deeplabv3", model, training, *data, rows, folder, seed, start)

    return run


def weights(result: FitResult) -> dict[str, torch.Tensor]:
    return torch.load(result.weights, weights_only=True)


def equal(first: FitResult, second: FitResult) -> bool:
    one, two = weights(first), weights(second)
    return list(one) == list(two) and all(torch.equal(one[name], two[name]) for name in one)


def lowest_loss(result: FitResult) -> float:
    return result.history.query("split == 'validation'")["loss"].min()


def files(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_fit_takes_one_device_and_is_one_process_whatever_machine_it_runs_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CPUAccelerator, "auto_device_count", staticmethod(lambda: 2))
    for name, value in {"NTASKS": "4", "NTASKS_PER_NODE": "4", "JOB_NAME": "train", "PROCID": "0"}.items():
        monkeypatch.setenv(f"SLURM_{name}", value)
    trainer = trainer_for(1, tmp_path, choose_device(), "32-true", [])
    assert trainer.num_devices == 1
    assert isinstance(trainer.strategy, SingleDeviceStrategy)
    assert trainer.world_size == 1


class Interruption(Exception):  # noqa: N818 - it stands for a lost connection or a killed job
    """What ends a fit in the middle."""


@pytest.fixture
def interrupt(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Break the fit off in the n-th training step from now on; 0 lets it run."""
    original = network.SegmentationTask.training_step

    def after(steps: int) -> None:
        count = 0

        def step(self: network.SegmentationTask, batch: object, batch_index: int) -> torch.Tensor:
            nonlocal count
            count += 1
            if count == steps:
                raise Interruption
            return original(self, batch, batch_index)

        monkeypatch.setattr(network.SegmentationTask, "training_step", step)

    return after


def test_a_fit_lowers_the_loss_and_leaves_history_and_weights(
    folder: Path,
    discs: tuple[np.ndarray, np.ndarray],
    rows: dict[str, np.ndarray],
    light_pspnet: ModelSettings,
    training: TrainingSettings,
) -> None:
    model = light_pspnet.model_copy(update={"epochs": 4})
    result = fit("pspnet", model, training, *discs, rows, folder, seed=1)
    loss = result.history.pivot_table(index="epoch", columns="split", values="loss")
    assert loss["train"][4] < loss["train"][1]
    assert loss["validation"][4] < loss["validation"][1]
    assert result.history["epoch"].tolist() == [1, 1, 2, 2, 3, 3, 4, 4]
    scores = result.history.drop(columns=["epoch", "split", "loss"])
    assert ((scores >= 0) & (scores <= 1)).all(axis=None)
    pd.testing.assert_frame_equal(result.history, pd.read_csv(folder / "history.csv"))
    assert files(folder) == ["best.pt", "fit.json", "history.csv", "timings.csv"]
    row = result.description.iloc[0]
    assert (row["model"], row["backbone"], row["epochs"]) == ("pspnet", "resnet18", 4)
    assert row["best_epoch"] == loss["validation"].idxmin()
    took = result.timings.iloc[0]
    assert took["images_per_second"] == pytest.approx(14 * 4 / took["seconds"], rel=1e-4)
    assert took["seconds_per_epoch"] == pytest.approx(took["seconds"] / 4, rel=1e-4)
    loaded = load_network("pspnet", model, result.weights)
    assert row["parameters"] == sum(parameter.numel() for parameter in loaded.parameters())


def test_the_same_seed_gives_the_same_weights_and_another_seed_others(tmp_path: Path, fit_deeplabv3: Fit) -> None:
    first, second, third = (fit_deeplabv3(tmp_path / str(i), epochs=1, seed=seed) for i, seed in enumerate((1, 1, 2)))
    assert first.weights.read_bytes() == second.weights.read_bytes()
    assert not equal(first, third)
    pd.testing.assert_frame_equal(first.history, second.history)


@pytest.mark.parametrize(("threads", "number_format", "tolerance"), [(2, FP32, 2e-3), (1, BF16, 5e-2)])
def test_the_same_seed_gives_nearly_the_same_losses_with_other_threads_and_in_another_number_format(
    tmp_path: Path,
    fit_deeplabv3: Fit,
    monkeypatch: pytest.MonkeyPatch,
    threads: int,
    number_format: str,
    tolerance: float,
) -> None:
    usual = fit_deeplabv3(tmp_path / "usual", epochs=2)
    monkeypatch.setenv("FACEFAIR_CORES", str(threads))
    monkeypatch.setattr(fitting, "_number_format", lambda *given: NumberFormat(number_format))
    other = fit_deeplabv3(tmp_path / "other", epochs=2)
    losses = [result.history["loss"].to_numpy() for result in (usual, other)]
    print(threads, number_format, np.abs(losses[0] - losses[1]).max())
    np.testing.assert_allclose(*losses, rtol=0, atol=tolerance)


# 14 images in batches of 4: three steps an epoch. The fifth step is in the middle of the second epoch.
def test_an_interrupted_fit_ends_with_the_weights_it_would_have_had(
    tmp_path: Path, fit_deeplabv3: Fit, interrupt: Callable[[int], None]
) -> None:
    whole = fit_deeplabv3(tmp_path / "whole", epochs=3)
    interrupt(5)
    with pytest.raises(Interruption):
        fit_deeplabv3(tmp_path / "parts", epochs=3)
    assert not (tmp_path / "parts" / "best.pt").exists()
    interrupt(7)  # the six steps of the epochs that are left: the first epoch is not repeated
    resumed = fit_deeplabv3(tmp_path / "parts", epochs=3)
    assert equal(whole, resumed)
    pd.testing.assert_frame_equal(whole.history, resumed.history)
    assert resumed.description["epochs"].item() == 3


def test_a_fit_that_is_interrupted_after_its_last_epoch_ends_as_it_would_have(
    tmp_path: Path, fit_deeplabv3: Fit, interrupt: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = fit_deeplabv3(tmp_path / "whole", epochs=2)

    def interrupted(*_: Path) -> None:
        raise Interruption

    with monkeypatch.context() as patch, pytest.raises(Interruption):
        patch.setattr(fitting, "_save_weights", interrupted)
        fit_deeplabv3(tmp_path / "parts", epochs=2)
    interrupt(1)  # no step is left
    resumed = fit_deeplabv3(tmp_path / "parts", epochs=2)
    assert equal(whole, resumed)
    pd.testing.assert_frame_equal(whole.history, resumed.history)
    pd.testing.assert_frame_equal(whole.description, resumed.description)
    assert resumed.timings["seconds_per_epoch"].item() > 0


def test_a_fit_goes_on_from_its_last_epoch_even_where_an_earlier_one_was_best_and_its_folder_was_moved(
    tmp_path: Path, fit_deeplabv3: Fit, interrupt: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([1.0, 2.0, 3.0])
    monkeypatch.setattr(network.SegmentationTask, "mean_loss", lambda self, split: current[0])
    current = [0.0]
    start = network.SegmentationTask.on_train_epoch_start

    def next_loss(self: network.SegmentationTask) -> None:
        current[0] = next(losses)
        start(self)

    monkeypatch.setattr(network.SegmentationTask, "on_train_epoch_start", next_loss)
    interrupt(8)  # in the third epoch
    with pytest.raises(Interruption):
        fit_deeplabv3(tmp_path / "begun", epochs=3)
    (tmp_path / "begun").rename(tmp_path / "moved")
    losses, best = iter([3.0]), torch.load(tmp_path / "moved" / "best.ckpt", weights_only=True)["state_dict"]
    interrupt(4)
    result = fit_deeplabv3(tmp_path / "moved", epochs=3)
    kept = torch.load(result.weights, weights_only=True)
    assert all(torch.equal(weight, best[f"network.{name}"]) for name, weight in kept.items())
    assert result.history.query("split == 'validation'")["loss"].tolist() == [1, 2, 3]
    assert result.description["best_epoch"].item() == 1


def test_a_finished_fit_is_not_repeated(folder: Path, fit_deeplabv3: Fit, interrupt: Callable[[int], None]) -> None:
    first = fit_deeplabv3(folder, epochs=1)
    interrupt(1)
    again = fit_deeplabv3(folder, epochs=1)
    assert equal(first, again)
    pd.testing.assert_frame_equal(first.history, again.history)
    pd.testing.assert_frame_equal(first.description, again.description)


@pytest.mark.parametrize("changed", ["learning_rate", "seed", "pixels"])
def test_a_fit_of_anything_else_starts_afresh(
    tmp_path: Path, fit_deeplabv3: Fit, discs: tuple[np.ndarray, np.ndarray], changed: str
) -> None:
    images = discs[0].copy()
    images[0] = 255 - images[0]
    other = {"learning_rate": {"learning_rate": 0.001}, "seed": {"seed": 6}, "pixels": {"data": (images, discs[1])}}
    fit_deeplabv3(tmp_path / "used", epochs=1)
    over = fit_deeplabv3(tmp_path / "used", epochs=1, **other[changed])
    fresh = fit_deeplabv3(tmp_path / "fresh", epochs=1, **other[changed])
    assert equal(over, fresh)


def test_the_first_epochs_see_smaller_pictures_and_validation_never_does(
    fit_deeplabv3: Fit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[bool, int]] = []
    counted = network.count_pairs

    def record(target: torch.Tensor, prediction: torch.Tensor) -> torch.Tensor:
        seen.append((torch.is_grad_enabled(), target.shape[-1]))
        return counted(target, prediction)

    monkeypatch.setattr(network, "count_pairs", record)
    fit_deeplabv3(tmp_path, epochs=4, small_start=SmallStart(epochs=0.5, scale=0.5))
    trained, validated = ([size for learns, size in seen if learns is wanted] for wanted in (True, False))
    whole = max(trained)
    half = len(trained) // 2
    assert trained == [whole // 2] * half + [whole] * half
    assert set(validated) == {whole}


def test_an_interrupted_fit_of_another_network_is_put_aside(
    folder: Path, fit_deeplabv3: Fit, interrupt: Callable[[int], None]
) -> None:
    interrupt(5)
    with pytest.raises(Interruption):
        fit_deeplabv3(folder)
    interrupt(0)
    result = fit_deeplabv3(folder, channels=8, epochs=1)
    assert result.history["epoch"].max() == 1


def test_a_fit_may_start_from_the_weights_of_another(tmp_path: Path, fit_deeplabv3: Fit) -> None:
    first = fit_deeplabv3(tmp_path / "first")
    further = fit_deeplabv3(tmp_path / "further", start=first.weights, epochs=1)
    afresh = fit_deeplabv3(tmp_path / "afresh", epochs=1)
    assert lowest_loss(further) < lowest_loss(afresh)
    moved = fit_deeplabv3(tmp_path / "further", start=afresh.weights, epochs=1)  # another start is another fit
    assert not equal(moved, first)
    assert lowest_loss(moved) != lowest_loss(further)


def test_a_fit_of_five_steps_is_fitted(tmp_path: Path, fit_deeplabv3: Fit, rows: dict[str, np.ndarray]) -> None:
    rows["train"] = np.arange(20)  # five batches
    assert np.isfinite(lowest_loss(fit_deeplabv3(tmp_path, epochs=1)))


def test_a_short_fit_averages_over_its_last_tenth_and_a_long_one_over_a_hundred_steps() -> None:
    assert averaging_decay(60) == pytest.approx(1 - 1 / 6)
    assert averaging_decay(5000) == pytest.approx(0.99)
    assert averaging_decay(3) == 0


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"train": np.arange(3), "validation": np.arange(2)},
            r"split 'train'\n.*3 images\n.*at least 4 \(batch size 4",
        ),
        ({"train": np.arange(8)}, r"split 'validation'\n.*0 images\n.*at least 1"),
    ],
)
def test_too_few_images_are_refused_before_anything_is_written(
    folder: Path,
    discs: tuple[np.ndarray, np.ndarray],
    light_pspnet: ModelSettings,
    training: TrainingSettings,
    given: dict[str, np.ndarray],
    words: str,
) -> None:
    with pytest.raises(InputError, match=words):
        fit("pspnet", light_pspnet, training, *discs, given, folder, seed=1)
    assert not folder.exists()


def test_a_validation_batch_without_labels_weighs_nothing(
    tmp_path: Path, discs: tuple[np.ndarray, np.ndarray], light_pspnet: ModelSettings, training: TrainingSettings
) -> None:
    images, labels = discs
    blank = np.concatenate([labels, np.full_like(labels[:4], 255)]), np.concatenate([images, images[:4]])
    plain = {"train": np.arange(12), "validation": np.arange(12, 20)}
    more = {**plain, "validation": np.concatenate([np.arange(20, 24), plain["validation"]])}
    first = fit("pspnet", light_pspnet, training, images, labels, plain, tmp_path / "plain", 1)
    second = fit("pspnet", light_pspnet, training, blank[1], blank[0], more, tmp_path / "more", 1)
    pd.testing.assert_frame_equal(first.history, second.history)
    assert equal(first, second)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_split_of_which_nothing_is_labelled_is_refused(
    split: str, folder: Path, discs: tuple[np.ndarray, np.ndarray], rows: dict[str, np.ndarray],
    light_pspnet: ModelSettings, training: TrainingSettings,
) -> None:  # fmt: skip
    images, labels = discs
    labels = labels.copy()
    labels[rows[split]] = 255
    with pytest.raises(InputError, match=rf"split '{split}'[\s\S]*no labelled pixel"):
        fit("pspnet", light_pspnet, training, images, labels, rows, folder, seed=1)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_a_loss_that_is_no_number_stops_the_fit_with_its_epoch_and_a_later_run_goes_on(
    split: str, folder: Path, fit_deeplabv3: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = network.segmentation_loss

    def broken(logits: torch.Tensor, labels: torch.Tensor, dice_weight: float) -> torch.Tensor:
        loss = original(logits, labels, dice_weight)
        second = (folder / "history.csv").exists()
        return loss * float("nan") if second and logits.requires_grad == (split == "train") else loss

    monkeypatch.setattr(network, "segmentation_loss", broken)
    with pytest.raises(InputError, match=rf"epoch 2[\s\S]*the {split} loss nan[\s\S]*lower its learning_rate"):
        fit_deeplabv3(folder)
    assert "last.ckpt" in files(folder)
    monkeypatch.setattr(network, "segmentation_loss", original)
    resumed = fit_deeplabv3(folder)
    assert resumed.history["epoch"].tolist() == [1, 1, 2, 2] and resumed.history["loss"].notna().all()


def test_a_fit_on_a_mac_whose_gpu_lacks_an_operation_is_that_of_the_cpu_and_says_so(
    tmp_path: Path, fit_deeplabv3: Fit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    expected = fit_deeplabv3(tmp_path / "cpu", epochs=1)
    assert "Apple" not in capsys.readouterr().err
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)  # torch's build for this machine has none
    result = fit_deeplabv3(tmp_path / "mac", epochs=1)
    assert equal(expected, result)
    said = [line for line in capsys.readouterr().err.splitlines() if "Apple" in line]
    assert len(said) == 1 and said[0].startswith("fitting on the CPU: Apple's GPU cannot take a step of this network (")


def test_trying_a_step_changes_nothing(
    light_deeplabv3: DeepLabSettings, training: TrainingSettings, discs: tuple[np.ndarray, np.ndarray]
) -> None:
    model = light_deeplabv3.model_copy(update={"small_start": SmallStart(epochs=0.5, scale=0.5)})
    task = _task("deeplabv3", model, training, 1, None)
    before = {name: value.clone() for name, value in task.state_dict().items()}
    task.try_step(ArrayBatches(*discs, np.arange(4))[:], torch.device("cpu"))
    assert all(torch.equal(value, before[name]) for name, value in task.state_dict().items())
    assert all(parameter.grad is None for parameter in task.parameters())


def test_weights_averaged_all_at_once_are_those_averaged_one_by_one(
    tmp_path: Path, fit_deeplabv3: Fit, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = weights(fit_deeplabv3(tmp_path / "at_once"))

    def plain(device: Device, steps: int) -> EMAWeightAveraging:
        return EMAWeightAveraging(decay=averaging_decay(steps))

    monkeypatch.setattr(fitting, "weight_averaging", plain)
    one_by_one = weights(fit_deeplabv3(tmp_path / "one_by_one"))
    for name, expected in one_by_one.items():
        torch.testing.assert_close(at_once[name], expected, rtol=1e-4, atol=1e-6)
