"""Work over processes: every job once, errors come through, and nothing of the caller's shell acts on a study."""

from __future__ import annotations

import operator
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pytest
import torch

from facefair_lib.errors import InputError
from facefair_lib.settings import paths
from facefair_lib.store.processes import (
    COPIES,
    assigned_to,
    available_cores,
    child_environment,
    dying_with_parent,
    spread,
)
from facefair_lib.training.device import assigned_cores, use_cores


def test_every_job_is_done_once_whatever_the_number_of_processes() -> None:
    jobs = [(number, 10) for number in range(5)]
    assert sorted(spread(operator.mul, jobs, 2)) == [0, 10, 20, 30, 40]
    assert list(spread(operator.mul, jobs, 1)) == [0, 10, 20, 30, 40]
    assert list(spread(operator.mul, [], 4)) == []


def test_copies_of_this_process_know_what_it_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", "/only/here")
    known = [set(spread(tempfile.gettempdir, [()] * 4, 2, copies=copies)) for copies in (True, False)]
    assert (known[0] == {"/only/here"}) == COPIES
    assert "/only/here" not in known[1]


@pytest.mark.parametrize("workers", [1, 2])
def test_an_error_of_a_job_is_the_callers_error(workers: int) -> None:
    with pytest.raises(ZeroDivisionError):
        list(spread(operator.truediv, [(1, 0), (1, 0)], workers))


@pytest.mark.parametrize("workers", [1, 2])
def test_every_job_is_given_what_is_shared(workers: int) -> None:
    assert sorted(spread(operator.add, [("a",), ("b",)], workers, ("x",))) == ["xa", "xb"]


def test_a_process_that_the_system_ends_is_named() -> None:
    with pytest.raises(InputError, match="memory ran out"):
        list(spread(os._exit, [(1,), (1,)], 2))


STUDY = """
import subprocess, sys, time
from facefair_lib.store.processes import dying_with_parent, spread
subprocess.Popen(dying_with_parent([sys.executable, "-c", "import time; time.sleep(1e6)"]))
list(spread(time.sleep, [(1e6,)] * 2, 2))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's end")
def test_programs_and_workers_end_with_a_process_that_is_killed() -> None:
    command = [sys.executable, "-c", STUDY]
    with subprocess.Popen(command, env=child_environment()) as study:
        started: list[psutil.Process] = []
        while len(started) < 3:  # a program and two workers
            assert study.poll() is None
            started = psutil.Process(study.pid).children(recursive=True)
        study.kill()
    assert not psutil.wait_procs(started, timeout=60)[1]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process of its parent's end")
def test_nothing_begins_where_what_it_belongs_to_has_ended_already() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    begin = [sys.executable, "-c", "from facefair_lib.store.processes import die_with_parent as d; d(); print('begun')"]
    command = dying_with_parent(begin)
    place = command.index(str(os.getpid()))
    for parent, printed in ((os.getpid(), "begun\n"), (ended.pid, "")):
        command[place] = str(parent)
        assert subprocess.run(command, capture_output=True, text=True, env=child_environment()).stdout == printed
    for host, printed in (("another", "begun\n"), (platform.node(), "")):
        environment = child_environment(STUDY_PROGRAM=f"{host} {ended.pid}")
        assert subprocess.run(begin, capture_output=True, text=True, env=environment).stdout == printed


def test_one_job_or_one_worker_stays_in_this_process() -> None:
    assert list(spread(os.getpid, [()], 8)) == [os.getpid()]
    assert set(spread(os.getpid, [(), ()], 1)) == {os.getpid()}
    assert os.getpid() not in set(spread(os.getpid, [(), ()], 2))


@pytest.mark.parametrize("before", [None, "7"])
def test_work_is_given_its_cores_and_the_caller_keeps_its_own(
    monkeypatch: pytest.MonkeyPatch, before: str | None
) -> None:
    monkeypatch.delenv("FACEFAIR_CORES", raising=False)
    if before:
        monkeypatch.setenv("FACEFAIR_CORES", before)
    with assigned_to(3):
        assert assigned_cores() == 3
        with assigned_to(1):
            assert list(spread(os.getenv, [("FACEFAIR_CORES",)] * 2, 2)) == ["1", "1"]
        assert assigned_cores() == 3
    assert os.environ.get("FACEFAIR_CORES") == before
    with pytest.raises(ZeroDivisionError), assigned_to(3):
        operator.truediv(1, 0)
    assert os.environ.get("FACEFAIR_CORES") == before


def test_cores_are_those_this_process_may_run_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert available_cores() == 3
    assert available_cores(Path("no such folder"), Path("no such file")) == 3


@pytest.mark.parametrize(
    ("limits", "cores"),
    [
        ({"": "200000 100000"}, 2),  # inside a container
        ({"a/b": "max 100000", "a": "300000 100000", "": "max 100000"}, 3),  # a service: its group's limit holds too
        ({"a/b": "250000 100000", "a": "max 100000"}, 2),
        ({"a/b": "50000 100000"}, 1),
        ({"a/b": "max 100000"}, 8),
        ({"other": "100000 100000"}, 8),
        ({"a/b": "6400000 100000"}, 8),
    ],
)
def test_cores_are_no_more_than_the_quota_of_the_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limits: dict[str, str], cores: int
) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(8)), raising=False)
    for group, limit in limits.items():
        (tmp_path / group).mkdir(parents=True, exist_ok=True)
        (tmp_path / group / "cpu.max").write_text(limit + "\n")
    own = tmp_path / "cgroup"
    own.write_text("3:cpuset:/elsewhere\n0::/a/b\n")
    assert available_cores(tmp_path, own) == cores


@pytest.mark.parametrize(("assigned", "used"), [(3, 3), (None, 2)])
def test_torch_uses_the_cores_it_is_given_or_those_it_may_use(
    monkeypatch: pytest.MonkeyPatch, assigned: int | None, used: int
) -> None:
    monkeypatch.setattr("facefair_lib.training.device.available_cores", lambda: 2)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(4)  # as on a machine of four cores
        use_cores(assigned)
        assert torch.get_num_threads() == used
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(
    "name",
    [
        *("PYTHONSTARTUP", "PYTHONHOME", "PYTHONWARNINGS", "PYTHONINSPECT", "PYTHONOPTIMIZE", "BASH_ENV", "ENV"),
        *("SNAKEMAKE_PROFILE", "JUPYTER_PATH", "JUPYTER_DATA_DIR", "IPYTHONDIR", "MPLBACKEND", "TEXINPUTS"),
        *("PL_TRAINER_DEVICES", "SLURM_NTASKS", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "OMPI_COMM_WORLD_SIZE"),
    ],
)
def test_what_is_meant_for_another_program_does_not_reach_a_study(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "theirs")
    assert "theirs" not in child_environment().values()


@pytest.mark.parametrize(
    "name", ["CUDA_VISIBLE_DEVICES", "https_proxy", "HF_HOME", "LD_LIBRARY_PATH", "ENVIRONMENT", "SLURM_CONF"]
)
def test_where_things_are_and_which_devices_to_use_is_inherited(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "theirs")
    assert child_environment()[name] == "theirs"


def test_a_child_prints_utf_8_and_imports_this_package_and_nothing_from_the_folder_it_starts_in(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "json.py").write_text("raise SystemExit('of the folder')", encoding="utf-8")
    for name, value in {"PYTHONIOENCODING": "latin-1", "LC_ALL": "POSIX", "PYTHONUTF8": "0"}.items():
        monkeypatch.setenv(name, value)
    code = "import json, facefair_lib; print(chr(0x25B8), facefair_lib.__file__, chr(0xdce9))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, env=child_environment(), cwd=tmp_path, capture_output=True, encoding="utf-8")
    assert done.stdout.splitlines()[0] == f"\u25b8 {paths.REPOSITORY / 'facefair_lib/__init__.py'} \\udce9", done.stderr


def test_variables_that_move_folders_mean_the_same_in_every_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FACEFAIR_RESULTS", "out")
    monkeypatch.setenv("FACEFAIR_CACHE", "~/cache")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", "mine")
    given = child_environment()
    assert given["FACEFAIR_RESULTS"] == str(tmp_path / "out")
    assert given["FACEFAIR_CACHE"] == str(tmp_path / "home" / "cache")
    assert given["PYTHONPATH"].split(os.pathsep) == [str(paths.REPOSITORY), str(tmp_path / "mine")]
    assert given["TMPDIR"] == tempfile.gettempdir()
    assert paths.results_dir("quick") == tmp_path / "out" / "quick"


def test_without_a_home_caches_go_where_the_projects_own_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "XDG_CACHE_HOME" not in child_environment()
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    assert child_environment()["XDG_CACHE_HOME"] == str(paths.cache_dir())


def test_an_empty_variable_is_one_that_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("FACEFAIR_RESULTS", "FACEFAIR_CACHE"):
        monkeypatch.setenv(name, "")
    assert paths.results_root() == paths.REPOSITORY / "results"
    assert paths.cache_dir() == paths.REPOSITORY / ".cache"
    assert paths.report_pdf("quick") == paths.REPORT / "report.pdf"
    assert paths.absolute_variables() == {}
