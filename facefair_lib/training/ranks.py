"""Ranks: the processes that fit one network together, each on a GPU of its own or, without any, on the CPU.

torchrun starts them, or srun with several tasks. Each loads and augments whole batches and runs its share of the
pictures through the network. The logits are gathered, so loss and counts are those of the whole batch, as with one
process. Only the first rank writes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

import torch
from lightning.pytorch.plugins.environments import LightningEnvironment, SLURMEnvironment
from torch import distributed

from facefair_lib.errors import InputError

Result = TypeVar("Result")
_FIRST_PORT, _PORTS = 15_000, 16_000  # below those that operating systems assign themselves


class JoinedProcess(LightningEnvironment):
    """How Lightning sees this process: alone, whatever a cluster's environment says, or one of those that have joined.

    Each rank counts as a node with one device, so Lightning need not know how they are spread over machines.
    """

    creates_processes_externally = True

    def local_rank(self) -> int:
        """Which process of its node this is."""
        return 0

    def node_rank(self) -> int:
        """Which node this is."""
        return rank()


@contextmanager
def joined() -> Iterator[None]:
    """While the block runs, fit together with the processes that torchrun or srun has started beside this one, if any.

    Raises
    ------
    InputError
        if this machine has GPUs, but fewer than processes
    """
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        variables = variables_of_srun(os.environ)
        if not variables:
            yield
            return
        os.environ.update(variables)
    if torch.cuda.is_available():
        _take_gpu(int(os.environ["LOCAL_RANK"]), torch.cuda.device_count())
    distributed.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    yield
    distributed.destroy_process_group()  # not after an error: it would wait for ranks that have ended


def variables_of_srun(given: Mapping[str, str]) -> dict[str, str]:
    """The variables that torchrun would set, from those that srun sets; none unless srun started several tasks."""
    if int(given.get("SLURM_STEP_NUM_TASKS", 1)) == 1:
        return {}
    address = SLURMEnvironment.resolve_root_node_address(given["SLURM_STEP_NODELIST"])
    port = _FIRST_PORT + (int(given["SLURM_JOB_ID"]) + int(given["SLURM_STEP_ID"])) % _PORTS
    return {
        "MASTER_ADDR": given.get("MASTER_ADDR", address),
        "MASTER_PORT": given.get("MASTER_PORT", str(port)),
        "WORLD_SIZE": given["SLURM_STEP_NUM_TASKS"],
        "RANK": given["SLURM_PROCID"],
        "LOCAL_RANK": given["SLURM_LOCALID"],
    }


def _take_gpu(number: int, gpus: int) -> None:
    if number >= gpus:
        raise InputError(
            f"process {number + 1} on this machine",
            found=f"{gpus} GPU{'s' if gpus > 1 else ''} that it may use",
            expected="a GPU for each process",
            do="start as many processes as GPUs; with srun, use --gpus-per-node, so that each task sees them all",
        )
    torch.cuda.set_device(number)


def size() -> int:
    """How many processes fit together."""
    return distributed.get_world_size() if _are_several() else 1


def rank() -> int:
    """Which of them this is, from 0."""
    return distributed.get_rank() if _are_several() else 0


def _are_several() -> bool:
    return distributed.is_available() and distributed.is_initialized()


def on_first(work: Callable[[], Result]) -> Result:
    """Do something on the first rank only; the others wait for its result and return it too.

    On a cluster's file system they might not yet see what the first has just written.
    """
    outcome = [work() if rank() == 0 else None]
    if size() > 1:
        distributed.broadcast_object_list(outcome)
    return outcome[0]


def own_share(count: int) -> torch.Tensor:
    """Which pictures of a batch this rank runs through the network, the same number on every rank.

    If they cannot be divided evenly, the last picture is repeated: its outputs come after those of the whole batch.
    """
    share = -(-count // size())
    return (torch.arange(share) + rank() * share).clamp(max=count - 1)
