"""A study whose jobs run on a cluster: Snakemake's settings for it."""

from __future__ import annotations

import importlib.util

import yaml

from facefair_lib.errors import InputError
from facefair_lib.settings import paths

LOCAL = "local"
"""The executor that runs every job on this machine; others are folders of ``config/cluster``."""
JOB_CORES = 8
"""Cores of a cluster's largest job, unless the user says otherwise."""
LOG_FOLDER = "logs"
"""In the folder of a profile's results: what each job printed."""


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
