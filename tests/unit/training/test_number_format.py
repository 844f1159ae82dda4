"""The number format: fp32 unless bf16 is clearly faster, chosen without touching what is trained."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from facefair_lib.models.build import model_from_settings
from facefair_lib.settings.profiles import DeepLabSettings, ModelSettings, TrainingSettings
from facefair_lib.training import fit as fitting
from facefair_lib.training import number_format
from facefair_lib.training.fit import fit
from facefair_lib.training.network import SegmentationTask
from facefair_lib.training.number_format import BF16, FP32, NumberFormat, chosen_here, time_number_formats


@pytest.fixture
def network(light_deeplabv3: DeepLabSettings) -> nn.Module:
    """It has dropout and batch norm."""
    torch.manual_seed(0)
    return model_from_settings("deeplabv3", light_deeplabv3).train()


@pytest.fixture
def batch(discs: tuple[np.ndarray, np.ndarray]) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.from_numpy(discs[0][:4]).permute(0, 3, 1, 2), torch.from_numpy(discs[1][:4])


def steps_take(monkeypatch: pytest.MonkeyPatch, fp32: list[float], bf16: list[float]) -> None:
    """Let the timed steps take these times, the first of each format included."""
    times: dict[str, Iterator[float]] = {FP32: iter(fp32), BF16: iter(bf16)}
    monkeypatch.setattr(number_format, "_step_seconds", lambda *given: next(times[given[-1]]))


@pytest.mark.parametrize(
    ("bf16", "chosen", "speedup"),
    [
        ([0.1, 0.5, 0.5, 0.5, 0.5], BF16, 2.0),  # the first step only prepares
        ([9, 0.9, 0.9, 0.9, 0.9], FP32, 1 / 0.9),  # faster, but not clearly
        ([9, 2.0, 2.0, 2.0, 2.0], FP32, 0.5),
        ([9, 0.5, 7.0, 7.0, 7.0], BF16, 2.0),  # steps that were held up do not decide
    ],
)
def test_bf16_is_chosen_only_where_the_quickest_step_is_clearly_faster(
    monkeypatch: pytest.MonkeyPatch, network: nn.Module, batch: tuple, bf16: list[float], chosen: str, speedup: float
) -> None:
    steps_take(monkeypatch, [9, 1.0, 1.0, 1.4, 3.0], bf16)
    found = time_number_formats(network, batch, 1.0)
    assert found.precision == chosen
    assert found.bf16_speedup == pytest.approx(speedup)


@pytest.mark.parametrize(("bf16", "chosen"), [(0.5, BF16), (2.0, FP32)])
def test_a_difference_beyond_doubt_is_timed_once(
    monkeypatch: pytest.MonkeyPatch, network: nn.Module, batch: tuple, bf16: float, chosen: str
) -> None:
    steps_take(monkeypatch, [9, 1.0], [9, bf16])  # a third step would raise StopIteration
    assert time_number_formats(network, batch, 1.0) == NumberFormat(chosen, 1 / bf16)


def test_a_machine_chooses_once_for_each_network_kind_of_picture_and_number_of_threads(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, network: nn.Module, batch: tuple
) -> None:
    monkeypatch.setenv("FACEFAIR_CACHE", str(tmp_path))
    choices = iter([NumberFormat(BF16, 1.26), NumberFormat(FP32, 1.24), NumberFormat(FP32, 1.0), NumberFormat(BF16, 2)])
    monkeypatch.setattr(number_format, "time_number_formats", lambda *given: next(choices))
    images, labels = batch
    assert [chosen_here(network, batch, 1.0, "a CPU, 1 thread").bf16_speedup for _ in range(2)] == [1.26, 1.26]
    assert chosen_here(network, batch, 1.0, "a CPU, 2 threads").bf16_speedup == 1.24
    assert chosen_here(network, (images[:2], labels[:2]), 1.0, "a CPU, 1 thread").bf16_speedup == 1.0
    assert chosen_here(nn.Sequential(network), batch, 1.0, "a CPU, 1 thread").precision == BF16
    assert chosen_here(network, batch, 1.0, "a CPU, 1 thread") == NumberFormat(BF16, 1.26)


def test_timing_leaves_weights_statistics_gradients_and_random_numbers_alone(network: nn.Module, batch: tuple) -> None:
    before = {name: value.clone() for name, value in network.state_dict().items()}
    state = torch.get_rng_state()
    found = time_number_formats(network, batch, 1.0)
    assert found.bf16_speedup > 0
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())
    assert network.training


@pytest.fixture
def fit_once(
    discs: tuple[np.ndarray, np.ndarray],
    rows: dict[str, np.ndarray],
    light_pspnet: ModelSettings,
    training: TrainingSettings,
    folder: Path,
) -> Callable[[], tuple[str, float]]:
    """Fit, or go on, and give the number format with what bf16 gains."""

    def fitted() -> tuple[str, float]:
        result = fit("pspnet", light_pspnet, training, *discs, rows, folder, 1)
        return result.description["precision"].item(), result.timings["bf16_speedup"].item()

    return fitted


def test_nothing_is_timed_where_the_cpu_does_not_announce_bf16(
    monkeypatch: pytest.MonkeyPatch, fit_once: Callable
) -> None:
    monkeypatch.setattr(fitting, "chosen_here", None)  # to call it would fail
    precision, speedup = fit_once()
    assert precision == FP32
    assert np.isnan(speedup)


def test_a_fit_that_goes_on_keeps_the_format_that_it_began_with(
    monkeypatch: pytest.MonkeyPatch, fit_once: Callable
) -> None:
    monkeypatch.setattr(fitting, "cpu_announces_bf16", lambda: True)
    choices = cycle([NumberFormat(BF16, 1.5), NumberFormat(FP32, 1.0)])
    monkeypatch.setattr(fitting, "chosen_here", lambda *given: next(choices))
    original = SegmentationTask.training_step

    def interrupted(self: SegmentationTask, *batch: object) -> torch.Tensor:
        if self.current_epoch == 1:
            raise RuntimeError("the second epoch is lost")
        return original(self, *batch)

    with monkeypatch.context() as broken:
        broken.setattr(SegmentationTask, "training_step", interrupted)
        with pytest.raises(RuntimeError, match="lost"):
            fit_once()
    assert fit_once() == (BF16, 1.5)
