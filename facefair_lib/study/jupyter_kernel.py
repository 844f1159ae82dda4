"""The kernel that headless notebooks run in."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from facefair_lib.store.processes import child_environment

_LONGEST_SOCKET = 103
"""Longest path of a socket, in bytes, that all operating systems allow."""
_FOLDER = "facefair-12345678"


class LocalKernelManager(AsyncKernelManager):
    """Runs the kernel in this interpreter and talks to it through sockets in a private folder instead of network ports.

    No kernel is looked up: the one that an installation calls ``python3`` may belong to another Python. Without an
    open port ipykernel has nothing to warn of. Each manager has its own folder: the default socket name is the same for
    all kernels started in one directory, and two concurrent notebooks would answer each other. The folder also replaces
    the user's IPython profile, whose start-up files are not part of a study.
    """

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)
        self._folder = _private_folder()
        self.connection_file = str(self._folder / "kernel.json")
        if _sockets_fit(self._folder):  # otherwise the default stays: ports open to this machine only
            self.transport, self.ip = "ipc", str(self._folder / "kernel")

    @property
    def kernel_spec(self) -> KernelSpec:
        """The kernel of the interpreter that runs this."""
        command = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        return KernelSpec(argv=command, display_name="Python 3", language="python")

    async def _async_pre_start_kernel(self, **settings: Any) -> tuple[list[str], dict[str, Any]]:
        drawing = "module://matplotlib_inline.backend_inline"
        settings["env"] = child_environment(IPYTHONDIR=str(self._folder / "ipython"), MPLBACKEND=drawing)
        return await super()._async_pre_start_kernel(**settings)

    async def cleanup_resources(self, restart: bool = False) -> None:
        """Remove the kernel's private folder, too."""
        await super().cleanup_resources(restart)
        if not restart:
            shutil.rmtree(self._folder, ignore_errors=True)


def _private_folder() -> Path:
    """A new folder for one kernel, among temporary files, or in /tmp where the paths of sockets fit only there."""
    usual = tempfile.gettempdir()
    usable = (place for place in (usual, "/tmp") if _sockets_fit(Path(place) / _FOLDER) and os.access(place, os.W_OK))
    return Path(tempfile.mkdtemp(prefix="facefair-", dir=next(usable, usual)))


def _sockets_fit(folder: Path) -> bool:
    return len(os.fsencode(folder / "kernel-9")) <= _LONGEST_SOCKET
