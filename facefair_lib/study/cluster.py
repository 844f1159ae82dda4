"""Snakemake's settings for studies whose jobs run on a cluster."""

from __future__ import annotations

import importlib.util

import yaml

from facefair_lib.errors import InputError
from facefair_lib.settings import paths

LOCAL = "local"
"""The executor that runs every job on this machine; the others are folders of ``config/cluster``."""
JOB_CORES = 8
"""Default number of cores of the largest job on a cluster."""
LOG_FOLDER = "logs"
"""Folder in a profile's results with what each job printed."""


def check_executor(executor: str) -> None:
    """Refuse an executor without settings or without its package.

    Raises
    ------
    InputError
        with the executors there are, or how to install the package
    """
    if executor == LOCAL:
        return
    known = sorted(path.parent.name for path in paths.CLUSTERS.glob("*/config.yaml"))
    if executor not in known:
        raise InputError(
            f"executor {executor!r}",
            found="no such folder in config/cluster",
            expected=", ".join([LOCAL, *known]),
            do="use one of these, or copy the closest folder and change it",
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
    """Snakemake's options on where jobs run, without the user's own profiles, which are for other workflows."""
    if executor == LOCAL:
        return ["--profile", "none", "--workflow-profile", "none", "--cores", str(cores)]
    return ["--profile", str(paths.CLUSTERS / executor), "--workflow-profile", "none"]
