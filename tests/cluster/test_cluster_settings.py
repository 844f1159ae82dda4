"""Snakemake takes the settings of each cluster, and every job asks for what its work needs."""

from __future__ import annotations

import importlib.util
import re
import subprocess
from pathlib import Path

import pytest

from facefair_lib.settings.profiles import load_profile
from facefair_lib.store import stages
from facefair_lib.store.processes import child_environment
from facefair_lib.study import run_all

FITS = {"train_deeplabv3", "train_pspnet", "comparison", "reproduction_audit"}
SHARDS_OF_FITS = {stages.RUNS, stages.COMPOSITION, stages.COMPARISON}


@pytest.mark.parametrize("executor", ["slurm", "kubernetes"])
@pytest.mark.parametrize(("profile", "gpus"), [("quick", 0), ("paper", 1)])
def test_fits_of_large_profiles_ask_for_a_gpu_and_nothing_else_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, executor: str, profile: str, gpus: int
) -> None:
    if importlib.util.find_spec(f"snakemake_executor_plugin_{executor}") is None:
        pytest.skip("Snakemake's plugin is missing: pip install -r requirements-cluster.lock")
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path))
    settings = load_profile(profile)
    stages.write_digests(settings, None, ())
    command = run_all._command(profile, None, None, 8, run_all._targets(settings, ""), executor)
    place = command.index("--")
    command[place:place] = ["--dry-run", "--quiet", "progress"]  # the later --quiet counts
    done = subprocess.run(command, capture_output=True, encoding="utf-8", env=child_environment())
    assert done.returncode == 0, done.stdout + done.stderr
    planned = re.findall(r"^rule (\w+):\n(.*?)^ +resources: ([^\n]*)$", done.stdout, re.MULTILINE | re.DOTALL)
    assert {rule for rule, *_ in planned} > {*FITS, "cohort", "shard", "report"}
    for rule, job, resources in planned:
        asked = dict(part.split("=", 1) for part in resources.split(", "))
        stage = re.search(r"stage=(\w+)", job)
        fits = stage[1] in SHARDS_OF_FITS if stage else rule in FITS
        assert int(asked["gpu"]) == (gpus if fits else 0), (rule, job)
        assert int(asked["mem_mb"]) >= (16000 if fits else 4000) and int(asked["runtime"]) >= 60
