"""Batches: which rows, in which order, and how they reach the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from facefair_lib.training.batches import ArrayBatches, EpochSampler, normalise, ordered_batches, training_batches
from facefair_lib.training.device import Device, assigned_cores, choose_device, cpu_announces_bf16


@pytest.fixture
def numbered() -> tuple[np.ndarray, np.ndarray]:
    """Ten pictures whose every value is their row number."""
    number = np.arange(10, dtype=np.uint8)
    return np.broadcast_to(number[:, None, None, None], (10, 4, 4, 3)), np.broadcast_to(
        number[:, None, None], (10, 4, 4)
    )


def order(loader: torch.utils.data.DataLoader) -> list[list[int]]:
    batches = [(images[:, 0, 0, 0].tolist(), labels[:, 0, 0].tolist()) for images, labels in loader]
    assert all(images == labels for images, labels in batches)
    return [images for images, _ in batches]


def test_only_the_rows_of_the_split_are_served_in_order(numbered: tuple[np.ndarray, np.ndarray]) -> None:
    dataset = ArrayBatches(*numbered, np.array([7, 1, 4]))
    assert order(ordered_batches(dataset, 2)) == [[7, 1], [4]]
    images, labels = dataset[[0, 2]]
    assert (images.shape, labels.shape) == ((2, 3, 4, 4), (2, 4, 4))
    assert images.dtype == labels.dtype == torch.uint8


def test_a_training_batch_that_is_not_full_is_dropped(numbered: tuple[np.ndarray, np.ndarray]) -> None:
    loader = training_batches(ArrayBatches(*numbered, np.arange(10)), 4, seed=1)
    batches = order(loader)
    assert [len(batch) for batch in batches] == [4, 4]
    assert len(loader) == 2
    assert len({row for batch in batches for row in batch}) == 8


def test_the_order_depends_on_seed_and_epoch_only() -> None:
    def epoch(seed: int, number: int) -> list[int]:
        sampler = EpochSampler(50, seed)
        sampler.epoch = number
        torch.rand(3)  # other randomness does not change the order
        return list(sampler)

    assert epoch(1, 4) == epoch(1, 4)
    assert epoch(1, 4) != epoch(1, 5)
    assert epoch(1, 4) != epoch(2, 4)
    assert sorted(epoch(1, 4)) == list(range(50))


def test_normalising_gives_imagenets_mean_zero_and_deviation_one() -> None:
    mean, deviation = np.array([0.485, 0.456, 0.406]), np.array([0.229, 0.224, 0.225])
    pixels = np.stack([mean, mean + deviation, mean - deviation]) * 255  # (3, 3)
    images = torch.tensor(pixels).view(3, 3, 1, 1)
    expected = torch.tensor([0.0, 1.0, -1.0]).view(3, 1, 1, 1).expand(3, 3, 1, 1)
    torch.testing.assert_close(normalise(images), expected, rtol=0, atol=1e-5)


@pytest.mark.parametrize(("value", "cores"), [("3", 3), ("0", None), ("", None), ("many", None)])
def test_cores_come_from_the_runner(monkeypatch: pytest.MonkeyPatch, value: str, cores: int | None) -> None:
    monkeypatch.setenv("FACEFAIR_CORES", value)
    assert assigned_cores() == cores


@pytest.mark.parametrize(("flags", "announces"), [("fpu avx512_bf16 sse", True), ("amx_bf16", True), ("avx2", False)])
def test_a_cpu_starts_from_fp32_whatever_it_announces(
    monkeypatch: pytest.MonkeyPatch, flags: str, announces: bool
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(
        "facefair_lib.training.device._cpu_field", lambda key: {"flags": flags, "model name": "Some CPU"}[key]
    )
    device = choose_device()
    assert (device.accelerator, device.precision) == ("cpu", "32-true")
    assert device.description.startswith("Some CPU, ")
    assert cpu_announces_bf16() == announces


def test_apples_gpu_is_taken_where_a_step_succeeds_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    tried = []
    device = choose_device(tried.append)
    assert tried == [device.place] == [torch.device("mps")]
    assert (device.accelerator, device.precision) == ("mps", "32-true")
    assert choose_device().accelerator == "cpu", "without a trial nobody knows"


@pytest.mark.parametrize(
    "error", [NotImplementedError("no such operator\nlong advice"), TypeError("no float64"), RuntimeError("")]
)
def test_the_cpu_is_taken_where_it_fails_and_one_line_says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    def fails(device: torch.device) -> None:
        raise error

    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device(fails).accelerator == "cpu"
    reason = str(error).partition("\n")[0] or "RuntimeError"
    assert capsys.readouterr().err.endswith(f"cannot take a step of this network ({reason})\n")


def test_pictures_lie_on_a_gpu_with_ample_room(
    monkeypatch: pytest.MonkeyPatch, numbered: tuple[np.ndarray, np.ndarray]
) -> None:
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda: (3e9, 16e9))
    gpu = Device("gpu", "bf16-mixed", "a GPU")
    assert gpu.place_for_pictures(1_000_000_000) == gpu.place == torch.device("cuda:1")
    assert gpu.place_for_pictures(2_000_000_000) == torch.device("cpu")
    assert Device("mps", "32-true", "a Mac").place_for_pictures(1) == torch.device("cpu")
    elsewhere = torch.device("meta")
    assert {part.device for part in ArrayBatches(*numbered, np.arange(10), elsewhere)[[0, 1]]} == {elsewhere}


def test_a_fit_from_files_reads_no_more_than_the_batches_that_it_is_asked_for(tmp_path: Path) -> None:
    images, labels = (tmp_path / name for name in ("images.npy", "labels.npy"))
    for path, shape in ((images, (10, 4, 4, 3)), (labels, (10, 4, 4))):
        np.save(path, np.arange(np.prod(shape), dtype=np.uint8).reshape(shape))
    mapped = [np.load(path, mmap_mode="r+") for path in (images, labels)]
    dataset = ArrayBatches(*mapped, np.array([7, 1, 4]))
    mapped[0][4], mapped[1][4] = 9, 9  # what is read after this shows it: nothing was copied before
    shown, masks = dataset[[2, 0]]
    assert (shown[0] == 9).all() and (masks[0] == 9).all()
    assert torch.equal(shown[1], torch.from_numpy(np.array(mapped[0][7])).permute(2, 0, 1))
    assert shown.is_contiguous(memory_format=torch.channels_last)
