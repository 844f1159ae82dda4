"""The app: the explorers' notebook without its code, served to a browser."""

from __future__ import annotations

import json
import re
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import webbrowser
from importlib.util import find_spec
from pathlib import Path

from facefair_lib.errors import InputError
from facefair_lib.explore.controls import check_has_run, has_run
from facefair_lib.settings import paths
from facefair_lib.settings.profiles import profile_names
from facefair_lib.settings.shipped import SHIPPED
from facefair_lib.store.processes import child_environment, die_with_parent

NOTEBOOK = "explore.ipynb"


def serve(profile: str, port: int, address: str = "127.0.0.1", *, token: str = "", browser: bool = True) -> int:
    """Serve the explorers until interrupted.

    Parameters
    ----------
    profile : its study must have been run, and its networks segment the rendered person. With "", the package's
        networks do, and pictures, fits and groups are from any study that has been run
    port : 0 takes a free one
    address : to listen on; any but the local one lets in others who know the token
    token : secret that a browser must give; a new one by default
    browser : whether to open a browser

    Returns
    -------
    exit status of the server

    Raises
    ------
    InputError
        if the study has not been run or Voilà is not installed
    """
    if profile:
        check_has_run(profile)
    study = profile or next(filter(has_run, (paths.DEFAULT_PROFILE, *profile_names())), "")
    if not study:
        print("facefair: no study has been run (make study): showing only what needs none", file=sys.stderr)
    with tempfile.TemporaryDirectory(prefix="facefair-app-") as folder:
        notebook = Path(folder) / NOTEBOOK
        chosen = {"profile": study, "networks": profile or SHIPPED}
        write_page(paths.NOTEBOOKS / NOTEBOOK, chosen, notebook, has_study=bool(study))
        token = token or secrets.token_urlsafe(24)
        command = server_command(notebook, port or free_port(), address)
        _write_secret(Path(folder), token)
        try:
            return _run(command, token, browser, Path(folder))
        except KeyboardInterrupt:
            return 0


def _run(command: list[str], token: str, browser: bool, folder: Path) -> int:
    """Run the server; print its address, with the token that Voilà leaves out, and open a browser there.

    ``folder`` replaces the user's settings of Jupyter and IPython, which are not meant for this page.
    """
    environment = child_environment(IPYTHONDIR=str(folder / "ipython"), JUPYTER_CONFIG_DIR=str(folder / "jupyter"))
    with subprocess.Popen(
        command, env=environment, preexec_fn=die_with_parent, stderr=subprocess.PIPE, encoding="utf-8", errors="replace"
    ) as server:
        # Asked to end, it ends its kernels first; then the folder is removed.
        before = signal.signal(signal.SIGTERM, lambda *_: server.terminate())
        for line in server.stderr:
            told = line.replace("?token=...", f"?token={token}")
            print(told, end="", file=sys.stderr, flush=True)
            if browser and told != line:
                webbrowser.open(told.strip())
        signal.signal(signal.SIGTERM, before)
    return server.returncode


def free_port() -> int:
    """Find a free port; Voilà takes another one if this is no longer free when it starts."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        return probe.getsockname()[1]


def _write_secret(folder: Path, token: str) -> None:
    """Write the token where the server reads it: on its command line, every user of this machine could."""
    settings = folder / "jupyter" / "voila.json"
    settings.parent.mkdir()
    settings.write_text(json.dumps({"Voila": {"token": token}}), encoding="utf-8")


def server_command(notebook: Path, port: int, address: str) -> list[str]:
    """Make the server's command line; raise ``InputError`` if Voilà is not installed."""
    if find_spec("voila") is None:
        raise InputError(
            "the app", found="no package voila", expected="the packages of requirements.lock", do="run: make setup"
        )
    options = [
        f"--Voila.ip={address}",
        f"--Voila.port={port}",
        "--VoilaConfiguration.strip_sources=True",
        "--VoilaConfiguration.file_denylist=.*",  # the page contains all it needs: no other file is served
        "--Voila.open_browser=False",  # Voilà would open the address without the token
        "--MappingKernelManager.cull_idle_timeout=3600",
        "--MappingKernelManager.cull_interval=60",
    ]
    return [sys.executable, "-m", "voila", str(notebook), *options]


def write_page(source: Path, parameters: dict[str, str], target: Path, *, has_study: bool = True) -> Path:
    """Copy a notebook with other values in its parameters cell; parameters that are not named stay.

    Parameters
    ----------
    has_study : if False, cells with the tag ``study`` are left out

    Returns
    -------
    ``target``
    """
    notebook = json.loads(source.read_text(encoding="utf-8"))
    (cell,) = (cell for cell in notebook["cells"] if "parameters" in cell["metadata"].get("tags", []))
    text = "".join(cell["source"])
    for name, value in parameters.items():
        text = re.sub(rf"^{name} = .*$", f"{name} = {value!r}", text, flags=re.MULTILINE)
    cell["source"] = text.splitlines(keepends=True)
    if not has_study:
        notebook["cells"] = [cell for cell in notebook["cells"] if "study" not in cell["metadata"].get("tags", [])]
    target.write_text(json.dumps(notebook), encoding="utf-8")
    return target
