"""What the fit runs on, and in which number format."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass(frozen=True)
class Device:
    """An accelerator in the words of Lightning, and a description for the report."""

    accelerator: str
    precision: str
    description: str


def choose_device() -> Device:
    """Pick the device and its precision; on a CPU that is fp32, unless a fit finds bf16 faster (``number_format``)."""
    if torch.cuda.is_available():
        precision = "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "32-true"
        return Device("gpu", precision, torch.cuda.get_device_name())
    threads = torch.get_num_threads()
    return Device("cpu", "32-true", f"{_cpu_name()}, {threads} thread{'s' if threads > 1 else ''}")


def use_cores(cores: int | None) -> None:
    """Limit torch to ``cores`` threads, so that two fits side by side do not fight; ``None`` leaves the default."""
    if cores:
        torch.set_num_threads(cores)


def assigned_cores() -> int | None:
    """Cores that the runner gives this job (``FACEFAIR_CORES``), or ``None``."""
    value = os.environ.get("FACEFAIR_CORES", "")
    return int(value) if value.isdigit() and int(value) > 0 else None


def cpu_announces_bf16() -> bool:
    """Whether this CPU has instructions for bf16. They are no promise: a network may be slower in them than in fp32."""
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
