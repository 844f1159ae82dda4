"""The kernel that headless notebooks run in."""

from __future__ import annotations

from jupyter_client.manager import AsyncKernelManager


class LocalKernelManager(AsyncKernelManager):
    """Talks to the kernel through files instead of network ports: no port is open, and ipykernel has nothing to warn
    of.
    """

    def __init__(self, **settings: object) -> None:
        super().__init__(**settings)
        self.transport = "ipc"
