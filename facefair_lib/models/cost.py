"""What a network costs: parameters, operations, memory and speed, measured on the network itself."""

from __future__ import annotations

import time
import weakref
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.flop_counter import FlopCounterMode


@dataclass(frozen=True)
class Cost:
    """Costs of inference.

    Attributes
    ----------
    parameters : number of trained parameters
    flops : floating-point operations for one image; a multiplication and its addition count as two
    peak_bytes : weights, and the most bytes of tensors alive at one time, for one image
    images_per_second : in batches, on the network's device
    """

    parameters: int
    flops: int
    peak_bytes: int
    images_per_second: float


def measure_cost(network: nn.Module, size: int, *, batch: int = 8, seconds: float = 1.0) -> Cost:
    """Measure a network's inference.

    Parameters
    ----------
    network : see ``build_model``; left in evaluation mode
    size : side of the square input, in pixels
    batch : images at a time, for the speed
    seconds : how long the speed is measured, after one batch that is not counted

    Notes
    -----
    Operations and memory depend on the network alone and repeat exactly; a library's own scratch memory is not counted.
    The speed depends on the machine and on what else runs there.
    """
    network.eval()
    device = next(network.parameters()).device
    one = torch.zeros(1, 3, size, size, device=device)
    with torch.no_grad():
        with FlopCounterMode(display=False) as counter:
            network(one)
        weights = [*network.parameters(), *network.buffers()]
        with LiveBytes() as alive:
            network(one)
    return Cost(
        parameters=sum(parameter.numel() for parameter in network.parameters()),
        flops=counter.get_total_flops(),
        peak_bytes=sum(weight.nbytes for weight in weights) + one.nbytes + alive.peak,
        images_per_second=_speed(network, torch.zeros(batch, 3, size, size, device=device), seconds),
    )


class LiveBytes(TorchDispatchMode):
    """Counts the bytes of all tensors that operators allocate, until nothing refers to them.

    Attributes
    ----------
    now, peak : bytes alive now, and at most
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = self.peak = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        given = {_address(value) for value in tree_leaves((args, kwargs)) if isinstance(value, torch.Tensor)}
        result = func(*args, **(kwargs or {}))
        for value in tree_leaves(result):
            # A view, or a result in place, uses memory that is counted already or belongs to the caller.
            if isinstance(value, torch.Tensor) and _address(value) not in given | self._known:
                self._add(value.untyped_storage())
        return result

    def _add(self, storage: torch.UntypedStorage) -> None:
        address, size = storage.data_ptr(), storage.nbytes()
        if size == 0:
            return
        self._known.add(address)
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._remove, address, size)

    def _remove(self, address: int, size: int) -> None:
        self._known.discard(address)
        self.now -= size


def _address(tensor: torch.Tensor) -> int:
    return tensor.untyped_storage().data_ptr()


def _speed(network: nn.Module, images: torch.Tensor, seconds: float) -> float:
    """Images per second, over whole batches."""
    with torch.inference_mode():
        _run(network, images)
        begin, batches = time.perf_counter(), 0
        while batches == 0 or time.perf_counter() - begin < seconds:
            _run(network, images)
            batches += 1
        return batches * len(images) / (time.perf_counter() - begin)


def _run(network: nn.Module, images: torch.Tensor) -> None:
    network(images)
    if images.is_cuda:
        torch.cuda.synchronize()
