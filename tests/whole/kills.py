"""Kills studies at random moments and says what differs from a study that nobody killed.

`make test` uses it for a few kills; many are made so, each call with kills and a seed of its own:
python tests/whole/kills.py UNINTERRUPTED NEW --kills=10 --seed=1 [--again=runs]
where UNINTERRUPTED and NEW are folders for ``FACEFAIR_RESULTS`` and the first holds a study.
The whole study is made, or of a copy the stages of ``--again``. With ``--one-core`` nothing is killed: at a random
moment the study loses all cores but one. UNINTERRUPTED is then a study on two cores.
"""

from __future__ import annotations

import argparse
import contextlib
import filecmp
import json
import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
import psutil

from facefair_lib.report.build import build_report
from facefair_lib.settings import paths
from facefair_lib.settings.profiles import load_profile
from facefair_lib.store import stages
from facefair_lib.store.processes import dying_with_parent
from facefair_lib.store.provenance import FILE_NAME, FILES
from facefair_lib.store.results import TIMINGS

PROFILE = "smoke"
_BEGUN = re.compile(r"▸ \w+ …")
_HALF_WRITTEN = re.compile(r"\..+-[a-z0-9_]{8}(\.\w+)?")
_PATIENCE = 600  # seconds to the first stage, to the end of killed processes: no machine is so busy
_NAMES_A_FOLDER = ("report.log", "manifest.parquet")  # the manifest names that of its data set


def start(results: Path, *options: str) -> subprocess.Popen[str]:
    """Start a study whose output can be read."""
    command = [sys.executable, "-m", "facefair_lib", "study", "--profile", PROFILE, *options]
    environment = {**os.environ, "FACEFAIR_RESULTS": str(results), "FACEFAIR_CACHE": str(paths.cache_dir())}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True, "errors": "replace"}
    return subprocess.Popen(dying_with_parent(command), env=environment, cwd=paths.REPOSITORY, **pipes)


def kill_and_finish(results: Path, kills: int, seed: int, longest: float, *options: str) -> Iterator[str]:
    """Start a study, kill its processes at a random moment, and so on; then let it end.

    Parameters
    ----------
    longest : seconds that pass at most between a study's first stage and the moment; every second kill then waits for
        a file that is half written, and every third kills the first process alone, with which the others must end

    Yields
    ------
    a line for every kill: when it came, and what the study had said last
    """
    chance = random.Random(seed)
    for number in range(kills):
        with start(results, *options) as study:
            begun = next((line for line in study.stdout if _BEGUN.match(line)), None)
            if begun is None:
                break  # it had nothing left to do
            delay = chance.uniform(0, longest)
            time.sleep(delay)
            half = _half_written(results / PROFILE, patience=3.0) if number % 2 else ""
            alone = number % 3 == 2 and sys.platform == "linux"
            _kill(study, results, alone=alone)
            said = [begun, *study.stdout][-1].strip()
            yield f"kill {number + 1}{' of the first process' * alone}: {delay:.1f} s on, at {said!r} {half}"
    with start(results, *options) as study:
        printed = study.stdout.read()
    assert study.returncode == 0, printed


def confine_and_finish(results: Path, seed: int, longest: float, *options: str) -> Iterator[str]:
    """Start a study, confine all its threads to one core at a random moment, and let it end; Linux only."""
    with start(results, *options) as study:
        next(line for line in study.stdout if _BEGUN.match(line))
        delay = random.Random(seed).uniform(0, longest)
        time.sleep(delay)
        threads = [task for process in _processes(results) for task in Path(f"/proc/{process.pid}/task").iterdir()]
        for thread in threads:
            with contextlib.suppress(ProcessLookupError):
                os.sched_setaffinity(int(thread.name), {min(os.sched_getaffinity(0))})
        yield f"one core for {len(threads)} threads from {delay:.1f} s on"
        printed = study.stdout.read()
    assert study.returncode == 0, printed


def _half_written(folder: Path, patience: float) -> str:
    """Wait for a temporary file of the results store and name it; empty if none is seen."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        for _, _, names in os.walk(folder):
            for name in names:
                if _HALF_WRITTEN.fullmatch(name):
                    return name
    return ""


def _kill(study: subprocess.Popen[str], results: Path, *, alone: bool) -> None:
    """Kill a study's first process or all of them, and see that none is left."""
    for process in [study] if alone else _processes(results):
        process.kill()
    end = time.monotonic() + _PATIENCE
    while alive := _processes(results):
        assert time.monotonic() < end, f"they outlive their study: {alive}"
        time.sleep(0.1)


def _processes(results: Path) -> list[psutil.Process]:
    """Every process that a study with these results has started, and the study's own."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):  # one that ends just now, or that belongs to somebody else
            if process.environ().get("FACEFAIR_RESULTS") == str(results) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def differences(first: Path, second: Path, *only: str) -> list[str]:
    """Names of the files of two folders of results that are not the same, byte for byte, as they must be.

    Times are compared nowhere. The report prints them: ``rebuilt`` gives those of another study to it.

    Parameters
    ----------
    only : stages to be compared; by default all but the report
    """
    chosen = only or [name for name in stages.STAGE_NAMES if name != stages.REPORT]
    different = []
    for stage in chosen:
        left, right = (_files(results / PROFILE / stage) for results in (first, second))
        different += [f"{stage}/{name} is in one of them" for name in sorted(left.keys() ^ right.keys())]
        for name in sorted(left.keys() & right.keys()):
            if not _same(left[name], right[name]):
                different.append(f"{stage}/{name}")
    return different


def _files(folder: Path) -> dict[str, Path]:
    found = {path.relative_to(folder): path for path in folder.rglob("*") if path.is_file() and path.suffix != ".log"}
    return {name.as_posix(): path for name, path in found.items() if not name.name.startswith(".")}


def _same(left: Path, right: Path) -> bool:
    if left.stem == TIMINGS:
        return left.read_text().splitlines()[0] == right.read_text().splitlines()[0]
    if left.name == FILE_NAME:
        records = [json.loads(path.read_text(encoding="utf-8")) for path in (left, right)]
        for record in records:
            record["seconds"] = 0
            for part in (FILES, "inputs"):
                record[part] = {n: d for n, d in record[part].items() if not n.endswith(_NAMES_A_FOLDER)}
        return records[0] == records[1]
    if left.suffix == ".parquet":
        return pd.read_parquet(left).equals(pd.read_parquet(right))
    return left.read_bytes() == right.read_bytes()


def report_differences(first: Path, second: Path) -> list[str]:
    """Print the second study's report again, first as it is, then with the times of the first, and compare both."""
    folder, pdf = second / PROFILE, second / PROFILE / f"report-{PROFILE}.pdf"
    different = []
    for other, times in ((pdf, None), (first / PROFILE / pdf.name, first / PROFILE)):
        for path in times.glob(f"*/{TIMINGS}.csv") if times else ():
            shutil.copyfile(path, folder / path.relative_to(times))
        again = folder / "again.pdf"
        settings = load_profile(PROFILE).model_dump(mode="json")
        build_report(folder, paths.REPORT, PROFILE, settings, again)
        if not filecmp.cmp(other, again, shallow=False):
            different.append(f"{pdf.name} {'with the times of the other study' if times else 'printed again'}")
    for name in ("numbers.csv", "report.tex"):
        if not filecmp.cmp(first / PROFILE / "report" / name, folder / "report" / name, shallow=False):
            different.append(f"report/{name}")
    return different


def main() -> Iterator[str]:
    """Kill a study and compare it, as the command line says."""
    parser = argparse.ArgumentParser()
    parser.add_argument("uninterrupted", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--longest", type=float, default=30.0)
    parser.add_argument("--again", nargs="*", choices=stages.STAGE_NAMES)
    parser.add_argument("--one-core", action="store_true")
    given = parser.parse_args()
    yield f"seed {given.seed}"
    options = ["--cores=2" if given.one_core else "--cores=1"]
    if given.again:
        copy_without(given.uninterrupted, given.new, given.again)
        options += ["--until", given.again[-1]]
    if given.one_core:
        yield from confine_and_finish(given.new, given.seed, given.longest, *options)
    else:
        yield from kill_and_finish(given.new, given.kills, given.seed, given.longest, *options)
    found = differences(given.uninterrupted, given.new, *(given.again or ()))
    found += [] if given.again else report_differences(given.uninterrupted, given.new)
    yield from found or ["no difference"]


def copy_without(results: Path, new: Path, again: Sequence[str]) -> None:
    """Copy results, but not of the stages that are to be made again."""
    shutil.copytree(results, new, dirs_exist_ok=True)
    for stage in again:
        shutil.rmtree(new / PROFILE / stage)


if __name__ == "__main__":
    for line in main():
        print(line, flush=True)
