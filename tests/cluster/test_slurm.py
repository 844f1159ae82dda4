"""The whole study on two nodes of a real Slurm, and on one machine: the same tables, byte for byte."""

from __future__ import annotations

import getpass
import importlib.util
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from string import Template

import pytest

from facefair_lib.settings import paths
from facefair_lib.store import stages
from facefair_lib.store.results import TIMINGS

PROFILE = "smoke"
CORES = "2"
PROGRAMS = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"])

pytestmark = [
    pytest.mark.skipif(
        not all(shutil.which(program, path=PROGRAMS) for program in ("munged", "slurmctld", "slurmd", "sbatch")),
        reason="no Slurm is installed here: sudo apt-get install slurm-wlm munge",
    ),
    pytest.mark.skipif(
        importlib.util.find_spec("snakemake_executor_plugin_slurm") is None,
        reason="Snakemake's plugin is missing: pip install -r requirements-cluster.lock",
    ),
]


def free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for entry in sockets:
        entry.bind(("127.0.0.1", 0))
    ports = [entry.getsockname()[1] for entry in sockets]
    for entry in sockets:
        entry.close()
    return ports


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, str]]]:
    """A controller and two nodes on this machine: their folder, and the variables by which programs find them."""
    folder = tmp_path_factory.mktemp("slurm")
    ports = dict(zip(("controller", "first", "second"), free_ports(3), strict=True))
    text = Template((Path(__file__).parent / "slurm.conf.in").read_text(encoding="utf-8"))
    settings = folder / "slurm.conf"
    settings.write_text(text.substitute(ports, folder=folder, user=getpass.getuser()), encoding="utf-8")
    for name in ("state", "spool-n1", "spool-n2", "bin"):
        (folder / name).mkdir()
    folder.chmod(0o755)  # MUNGE wants others to reach its socket
    (folder / "munge.key").write_bytes(secrets.token_bytes(128))
    (folder / "munge.key").chmod(0o400)
    # Within a job the plugin takes away what says where Slurm's settings are: elsewhere they are in /etc/slurm.
    srun = folder / "bin" / "srun"
    srun.write_text(f'#!/bin/sh\nSLURM_CONF="{settings}" exec "{shutil.which("srun")}" "$@"\n', encoding="utf-8")
    srun.chmod(0o755)
    found = {**os.environ, "SLURM_CONF": str(settings), "PATH": f"{srun.parent}{os.pathsep}{PROGRAMS}"}
    names = ("key-file", "socket", "pid-file", "seed-file")
    files = [f"--{name}={folder}/munge.{name.removesuffix('-file')}" for name in names]
    daemons = [
        ["munged", "--foreground", "--force", f"--log-file={folder}/munge.log", *files],
        ["slurmctld", "-D", "-c", "-f", str(settings)],
        *(["slurmd", "-D", "-N", node, "-f", str(settings)] for node in ("n1", "n2")),
    ]
    with ExitStack() as started:
        for number, command in enumerate(daemons):
            log = started.enter_context((folder / f"{number}-{command[0]}.log").open("wb"))
            daemon = started.enter_context(subprocess.Popen(command, env=found, stdout=log, stderr=log))
            started.callback(daemon.terminate)
            while command[0] == "munged" and not (folder / "munge.socket").exists():
                check_runs(daemon, folder)
        while query(found, "sinfo", "--noheader", "--states=idle", "--format=%D") != "2":
            check_runs(daemon, folder)
        yield folder, found


def check_runs(daemon: subprocess.Popen, folder: Path) -> None:
    """Wait a little; fail where nothing will come any more."""
    logs = "".join(path.read_text(encoding="utf-8", errors="replace") for path in sorted(folder.glob("*.log")))
    assert daemon.poll() is None, logs
    time.sleep(0.1)


def query(found: dict[str, str], *command: str) -> str:
    return subprocess.run(command, env=found, capture_output=True, encoding="utf-8").stdout.strip()


def study(results: Path, *options: str, shell: dict[str, str]) -> str:
    """Run the command line as a user does; what it prints."""
    environment = {**shell, "FACEFAIR_RESULTS": str(results), "FACEFAIR_CACHE": str(paths.cache_dir())}
    command = [sys.executable, "-m", "facefair_lib", "study", "--profile", PROFILE, "--cores", CORES, *options]
    done = subprocess.run(command, env=environment, cwd=paths.REPOSITORY, capture_output=True, encoding="utf-8")
    log = results / PROFILE / "study.log"
    assert done.returncode == 0, done.stdout + done.stderr + (log.read_text(encoding="utf-8") if log.exists() else "")
    return done.stdout


def own_settings(folder: Path) -> dict[str, str]:
    """A user's own Snakemake profile, which would only have plans made."""
    folder.mkdir()
    text = "dry-run: true\ndefault-resources: {slurm_partition: theirs}\n"
    (folder / "config.yaml").write_text(text, encoding="utf-8")
    return {"SNAKEMAKE_PROFILE": str(folder)}


@pytest.fixture(scope="module")
def results(slurm: tuple[Path, dict[str, str]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Results of a study on one machine and of one on Slurm, whatever the user's own settings are."""
    folder = tmp_path_factory.mktemp("results")
    shell = slurm[1] | own_settings(folder / "settings")
    study(folder / "one", shell=shell)
    shown = study(folder / "two", "--executor=slurm", shell=shell)
    assert f"complete: {len(stages.STAGES)} stages" in shown
    return {name: folder / name / PROFILE for name in ("one", "two")}


def tables(root: Path) -> dict[str, list[str]]:
    """Lines of every table, without what a clock measured and what the report quotes of it."""
    files = {str(path.relative_to(root)): path for path in root.rglob("*.csv") if path.stem != TIMINGS}
    return {
        name: [line for line in path.read_text(encoding="utf-8").splitlines(True) if f"/{TIMINGS}.csv," not in line]
        for name, path in files.items()
    }


def test_every_table_is_the_same(results: dict[str, Path]) -> None:
    one, two = (tables(root) for root in results.values())
    assert one.keys() == two.keys() and len(one) > 80
    assert [name for name in sorted(one) if one[name] != two[name]] == []


def test_both_nodes_have_worked_and_each_part_was_a_job(
    results: dict[str, Path], slurm: tuple[Path, dict[str, str]]
) -> None:
    jobs = (slurm[0] / "jobs.txt").read_text(encoding="utf-8").splitlines()
    assert len(jobs) == len(stages.STAGES) + 4 + 7 + 3, "two runs of two networks, seven compositions, three networks"
    assert all("JobState=COMPLETED" in job for job in jobs)
    assert all(any(f"NodeList={node}" in job for job in jobs) for node in ("n1", "n2"))


def test_a_second_study_finds_nothing_to_do(results: dict[str, Path], slurm: tuple[Path, dict[str, str]]) -> None:
    assert "nothing to do" in study(results["two"].parent, "--executor=slurm", shell=slurm[1])
