"""One study at a time: the second waits, and says so."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from facefair_lib.store.locking import alone_in

HOLDER = """
import sys
from pathlib import Path
from facefair_lib.store.locking import alone_in
with alone_in(Path(sys.argv[1]), print):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_second_says_that_it_waits_and_goes_on_when_the_first_ends(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    lines: list[str] = []
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as first:
        assert first.stdout.readline() == "held\n"

        def say(line: str) -> None:
            lines.append(line)
            first.kill()  # however it ends, its lock ends with it

        with alone_in(tmp_path, say):
            assert first.wait() != 0
    assert lines == [f"another study is running in {tmp_path}; this one waits until it has ended …"]


def test_a_lone_study_says_nothing_and_makes_the_folder(tmp_path: Path) -> None:
    said: list[str] = []
    with alone_in(tmp_path / "results", said.append) as held:
        assert os.fstat(held).st_size == 0
    with alone_in(tmp_path / "results", said.append), alone_in(tmp_path / "elsewhere", said.append):
        pass
    assert said == []


def test_where_files_cannot_be_locked_the_study_runs_and_says_what_that_means(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(file: object, operation: int) -> None:
        raise OSError(37, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    said: list[str] = []
    with alone_in(tmp_path, said.append):
        assert len(said) == 1
    assert "no locks" in said[0]
