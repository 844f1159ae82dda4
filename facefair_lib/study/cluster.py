"""A study whose jobs run on a cluster: Snakemake's settings for it, and the lines that its jobs print elsewhere."""

from __future__ import annotations

import importlib.util
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from facefair_lib.errors import InputError
from facefair_lib.settings import paths

LOCAL = "local"
"""The executor that runs every job on this machine; others are folders of ``config/cluster``."""
JOB_CORES = 8
"""Cores of a cluster's largest job, unless the user says otherwise."""
LOG_FOLDER = "logs"
"""In the folder of a profile's results: what each job printed."""
_EVERY = 1  # seconds between two looks at the logs


def check_executor(executor: str) -> None:
    """Refuse an executor that there are no settings for, or no package.

    Raises
    ------
    InputError
        saying which there are, or how the package is installed
    """
    if executor == LOCAL:
        return
    known = sorted(path.parent.name for path in paths.CLUSTERS.glob("*/config.yaml"))
    if executor not in known:
        raise InputError(
            f"executor {executor!r}",
            found="no such folder in config/cluster",
            expected=", ".join([LOCAL, *known]),
            do="use one, or copy the folder that comes closest and change it",
        )
    settings = yaml.safe_load((paths.CLUSTERS / executor / "config.yaml").read_text(encoding="utf-8"))
    plugin = f"snakemake_executor_plugin_{settings['executor'].replace('-', '_')}"
    if importlib.util.find_spec(plugin) is None:
        raise InputError(
            f"executor {executor!r}",
            found=f"no package {plugin}",
            expected="Snakemake's plugin for it",
            do=f"use make study EXECUTOR={executor}, which installs it, or pip install -r requirements-cluster.lock",
        )


def graph_options(executor: str, cores: int) -> list[str]:
    """What Snakemake is told about where jobs run: never by settings of the user's, made for other workflows."""
    if executor == LOCAL:
        return ["--profile", "none", "--workflow-profile", "none", "--cores", str(cores)]
    return ["--profile", str(paths.CLUSTERS / executor), "--workflow-profile", "none"]


@contextmanager
def followed(folder: Path, show: Callable[[str], None]) -> Iterator[None]:
    """Call ``show`` with each line that jobs append to files in a folder while the block runs.

    The folder is emptied before, so that nothing of an earlier study is taken for news.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    finished = threading.Event()
    follower = threading.Thread(target=_follow, args=(folder, show, finished), daemon=True)
    follower.start()
    try:
        yield
    finally:
        finished.set()
        follower.join()


def _follow(folder: Path, show: Callable[[str], None], finished: threading.Event) -> None:
    read: dict[Path, int] = {}  # bytes of each file that were shown
    last_round = False
    while not last_round:
        last_round = finished.wait(_EVERY)
        for path in sorted(folder.iterdir()):
            # Opened anew each time: only then does a network file system ask for what others have written.
            with path.open("rb") as file:
                file.seek(read.get(path, 0))
                for line in file:
                    if line.endswith(b"\n") or last_round:
                        show(line.decode("utf-8", "replace"))
                        read[path] = file.tell()
