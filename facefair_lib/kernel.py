"""The kernel that headless notebooks run in."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from jupyter_client.manager import AsyncKernelManager


class LocalKernelManager(AsyncKernelManager):
    """Talks to the kernel through sockets in a private folder instead of network ports.

    No port is open to others, and ipykernel has nothing to warn of. Each manager has a folder of its own: the default
    name is the same for every kernel that starts in one directory, and two notebooks side by side would answer each
    other.
    """

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)
        self.transport = "ipc"
        self._sockets = Path(tempfile.mkdtemp(prefix="facefair-"))
        self.ip = str(self._sockets / "kernel")

    async def cleanup_resources(self, restart: bool = False) -> None:
        """Remove the sockets' folder with the kernel."""
        await super().cleanup_resources(restart)
        if not restart:
            shutil.rmtree(self._sockets, ignore_errors=True)
