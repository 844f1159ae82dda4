"""What the fit runs on, and in which number format."""

from __future__ import annotations

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from facefair_lib.store.processes import available_cores
from facefair_lib.store.progress import write_line

_SHARE_FOR_PICTURES = 0.1  # of a GPU's memory that pictures may occupy during a fit, which needs most of it itself


@dataclass(frozen=True)
class Device:
    """An accelerator and a precision as Lightning names them, and a description for the report."""

    accelerator: str
    precision: str
    description: str

    @property
    def place(self) -> torch.device:
        """The device as torch names it; of several GPUs, the one that this process uses, by default the first."""
        if self.accelerator == "gpu":
            return torch.device("cuda", torch.cuda.current_device())
        return torch.device(self.accelerator)

    def place_for_pictures(self, size: int) -> torch.device:
        """Where ``size`` bytes of pictures are kept during a fit: on a GPU with ample room, or else in main memory."""
        ample = self.accelerator == "gpu" and size <= _SHARE_FOR_PICTURES * torch.cuda.mem_get_info()[1]
        return self.place if ample else torch.device("cpu")


def choose_device(try_step: Callable[[torch.device], None] | None = None) -> Device:
    """Choose the device and its precision; on a CPU that is fp32, unless a fit finds bf16 faster (``number_format``).

    Parameters
    ----------
    try_step : takes a training step on a device. Apple's GPUs lack some of torch's operations, so they are chosen only
        if that succeeds; without it, they are not considered
    """
    if torch.cuda.is_available():
        precision = "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "32-true"
        return Device("gpu", precision, torch.cuda.get_device_name())
    if try_step and torch.backends.mps.is_available():
        try:
            try_step(torch.device("mps"))
        except (RuntimeError, TypeError) as error:  # a missing operation is a RuntimeError, float64 a TypeError
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            text = f"fitting on the CPU: Apple's GPU cannot take a step of this network ({reason})"
            write_line(text, also_in_notebook=True)
        else:
            return Device("mps", "32-true", f"{_cpu_name()}, its GPU (MPS)")
    threads = torch.get_num_threads()
    return Device("cpu", "32-true", f"{_cpu_name()}, {threads} thread{'s' if threads > 1 else ''}")


def use_cores(cores: int | None) -> None:
    """Limit torch to ``cores`` threads, so that simultaneous fits do not compete; ``None``: to all that it may use."""
    torch.set_num_threads(cores or min(torch.get_num_threads(), available_cores()))


def assigned_cores() -> int | None:
    """Number of cores that the runner assigns to this job (``FACEFAIR_CORES``), or ``None``."""
    value = os.environ.get("FACEFAIR_CORES", "")
    return int(value) if value.isdigit() and int(value) > 0 else None


def cpu_announces_bf16() -> bool:
    """Whether this CPU has instructions for bf16; a network may still be slower with them than in fp32."""
    flags = _cpu_field("flags").split()
    return "avx512_bf16" in flags or "amx_bf16" in flags


def _cpu_name() -> str:
    return _cpu_field("model name") or platform.processor() or platform.machine()


def _cpu_field(key: str) -> str:
    """One field of Linux's CPU description; empty on other systems."""
    description = Path("/proc/cpuinfo")
    if not description.exists():
        return ""
    for line in description.read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return ""
