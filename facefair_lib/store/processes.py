"""Work spread over processes, the environment of child processes, and ending them with their parent."""

from __future__ import annotations

import ctypes
import math
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from numbers import Integral
from pathlib import Path
from typing import Any

from facefair_lib.errors import InputError
from facefair_lib.settings import paths

_NOT_INHERITED = frozenset(
    (
        # what a shell runs or sets before a script's first command
        *("ENV", "BASH_ENV", "BASHOPTS", "SHELLOPTS", "CDPATH"),
        # settings, kernels and start-up files of the programs that a study uses
        *("JUPYTER_PATH", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DEFAULT_PROVISIONER_NAME"),
        *("IPYTHONDIR", "IPYTHON_DIR", "MPLBACKEND", "MATPLOTLIBRC", "TEXINPUTS", "BIBINPUTS", "BSTINPUTS"),
        # set for one of several processes that train together
        *("WORLD_SIZE", "RANK", "LOCAL_RANK", "NODE_RANK", "GROUP_RANK", "MASTER_ADDR", "MASTER_PORT"),
    )
)
_FAMILIES_NOT_INHERITED = (
    *("PYTHON", "SNAKEMAKE_", "PAPERMILL_", "JPY_"),
    # Lightning's own, and those of clusters, which make it take a stage in an interactive shell for one process of many
    *("PL_", "SLURM_", "PMI_", "PMIX_", "OMPI_", "LSB_", "JSM_NAMESPACE_", "TORCHELASTIC_"),
)
"""Variables, by name or prefix, that would affect a study although they are meant for something else."""
_STILL_INHERITED = frozenset(("SLURM_CONF", "SLURM_CONF_SERVER"))  # where Slurm itself is

WHOLE = (1, 1)
"""The shard (k, n) that is all of the work."""

COPIES = sys.platform == "linux"
"""Whether a process can safely fork: macOS's own libraries do not survive it, and Windows cannot."""


def child_environment(**values: str) -> dict[str, str]:
    """Environment of every process that the project starts, so that the caller's shell does not affect results.

    All else is inherited: paths of programs and libraries, proxy, caches, threads and devices. Paths are absolute,
    because children work in other folders. Children print UTF-8 and import the package that this process runs, and
    nothing from their working folder.

    Parameters
    ----------
    values : further variables
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in _NOT_INHERITED and (name in _STILL_INHERITED or not name.startswith(_FAMILIES_NOT_INHERITED))
    }
    packages = [str(Path(place).absolute()) for place in os.environ.get("PYTHONPATH", "").split(os.pathsep) if place]
    own = {
        "PYTHONPATH": os.pathsep.join(dict.fromkeys([str(paths.REPOSITORY), *packages])),
        "PYTHONSAFEPATH": "1",
        "PYTHONUTF8": "1",
        "PYTHONIOENCODING": "utf-8:backslashreplace",
        "JUPYTER_PREFER_ENV_PATH": "1",  # a kernel installed in the user's home may belong to another Python
        "TMPDIR": tempfile.gettempdir(),
    }
    if not os.access(Path("~").expanduser(), os.W_OK):  # where Snakemake and torch would keep their caches
        own["XDG_CACHE_HOME"] = os.environ.get("XDG_CACHE_HOME", str(paths.cache_dir()))
    return {**kept, **own, **paths.absolute_variables(), **values}


def die_with_parent(parent: int | None = None) -> None:
    """Ask Linux to end this process when its parent ends, so that a killed study leaves no process running.

    If the parent has already ended, while this process was starting, it ends now.

    Parameters
    ----------
    parent : process ID of the parent, if known
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # 1 = PR_SET_PDEATHSIG
    host, _, program = os.environ.get(_PROGRAM, "").rpartition(" ")
    gone = host == platform.node() and not Path("/proc", program).exists()
    if gone or parent not in (None, os.getppid()):
        os._exit(1)


_PROGRAM = "STUDY_PROGRAM"
"""Variable with the machine and process ID of the program that, directly or not, started this process."""
_LAUNCHER = f"""
import ctypes, os, sys
ctypes.CDLL(None).prctl(1, {int(signal.SIGKILL)})
os.environ["{_PROGRAM}"] = f"{{os.uname().nodename}} {{os.getpid()}}"
if os.getppid() == int(sys.argv[1]):
    os.execv(sys.argv[2], sys.argv[2:])
"""


def dying_with_parent(command: list[str]) -> list[str]:
    """A command that starts a program which Linux ends when this process ends, however it ends.

    Parameters
    ----------
    command : the program's absolute path and its arguments
    """
    if sys.platform != "linux":
        return command
    return [sys.executable, "-I", "-S", "-c", _LAUNCHER, str(os.getpid()), *command]


def spread(
    work: Callable[..., Any],
    jobs: Sequence[tuple[Any, ...]],
    workers: int,
    shared: tuple[Any, ...] = (),
    *,
    copies: bool = False,
) -> Iterator[Any]:
    """Call ``work(*shared, *job)`` for every job and yield the results as they come, in any order.

    Parameters
    ----------
    work : a module-level function, so that other processes can import it
    workers : processes; with one, or one job, all is done in this process, because starting another takes time
    shared : what all jobs need, such as a network; sent to each process once
    copies : fork this process where ``COPIES`` allows it, instead of importing everything anew, which takes seconds.
        Only for work that uses one thread, no GPU and no Warp, as in the workers of torch's ``DataLoader``

    Raises
    ------
    InputError
        if the system ended a process
    """
    if min(workers, len(jobs)) <= 1:
        for job in jobs:
            yield work(*shared, *job)
        return
    # A forked child inherits the threads of torch and Warp in an undefined state: it must not use them.
    processes = min(workers, len(jobs))
    context = get_context("fork" if copies and COPIES else "spawn")
    with ProcessPoolExecutor(processes, context, initializer=_start_worker, initargs=shared) as pool:
        futures = [pool.submit(_work_with_shared, work, job) for job in jobs]
        try:
            for future in as_completed(futures):
                yield future.result()
        except BrokenProcessPool as error:
            raise InputError(
                f"one of {processes} processes", found="ended by the system, probably because memory ran out",
                expected="enough memory for all of them", do="end other programs, or use fewer cores or processes",
            ) from error  # fmt: skip
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


_shared: tuple[Any, ...] = ()  # in a worker: the arguments shared by all jobs


def _start_worker(*shared: Any) -> None:
    global _shared
    starter = parent_process()
    die_with_parent(starter.pid if starter else None)
    _shared = shared


def _work_with_shared(work: Callable[..., Any], job: tuple[Any, ...]) -> Any:
    return work(*_shared, *job)


@contextmanager
def assigned_to(cores: int) -> Iterator[None]:
    """Limit the block to this many threads (``FACEFAIR_CORES``), so that concurrent fits share the cores."""
    before = os.environ.get("FACEFAIR_CORES")
    os.environ["FACEFAIR_CORES"] = str(cores)
    try:
        yield
    finally:
        if before is None:
            del os.environ["FACEFAIR_CORES"]
        else:
            os.environ["FACEFAIR_CORES"] = before


def parse_shard(text: str) -> tuple[int, int]:
    """Read "k/n", the k-th of n shares of some work, as (k, n)."""
    parts = text.split("/")
    if len(parts) != 2 or not all(part.isdecimal() for part in parts):
        raise InputError("shard", found=repr(text), expected="k/n, such as 1/4", do="give --shard k/n")
    shard = int(parts[0]), int(parts[1])
    check_shard(shard)
    return shard


def check_shard(shard: tuple[int, int]) -> None:
    """Raise `InputError` for what is no share (k, n)."""
    whole = len(shard) == 2 and all(isinstance(part, Integral) for part in shard)
    if not whole or not 1 <= shard[0] <= shard[1]:
        raise InputError(
            "shard", found=repr(shard), expected="two whole numbers k and n with 1 <= k <= n", do="give --shard k/n"
        )


def share_of(work: list[Any], shard: tuple[int, int]) -> list[Any]:
    """Every n-th piece of work from the k-th on, so that shares cost about the same."""
    return work[shard[0] - 1 :: shard[1]]


def available_cores(groups: Path = Path("/sys/fs/cgroup"), own_groups: Path = Path("/proc/self/cgroup")) -> int:
    """Number of cores that this process may use: those it may run on, at most its container's quota, at least one.

    With a quota (``docker run --cpus``, a pod of Kubernetes, Binder) a process may run on every core of the machine and
    is stopped once it has used up its time.

    Parameters
    ----------
    groups, own_groups : where Linux (cgroup 2) keeps limits of groups of processes, and names those of this process
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, int(min(cores, _quota(groups, own_groups))))


def _quota(groups: Path, own_groups: Path) -> float:
    """Time per time that the groups around this process are granted, in cores; infinite without a limit."""
    with suppress(OSError):
        name = next((line[4:] for line in own_groups.read_text().splitlines() if line.startswith("0::/")), "")
        limits = [groups / part / "cpu.max" for part in (name, *Path(name).parents)]
        granted = [path.read_text().split() for path in limits if path.exists()]
        return min((int(time) / int(period) for time, period in granted if time != "max"), default=math.inf)
    return math.inf
