"""Running a stage: parameters that fit, errors that are short, lines that arrive."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from pathlib import Path

import pytest

from facefair_lib.errors import InputError
from facefair_lib.settings import paths
from facefair_lib.store import stages
from facefair_lib.store.progress import PROGRESS_FILE, Progress
from facefair_lib.study import run_stage as study_run_stage
from facefair_lib.study.run_stage import MARK, StageError, check_parameters, run_stage

STAGE = "04_metric_analysis"


def write_notebook(folder: Path, *cells: str) -> Path:
    """A notebook whose first cell holds its parameters."""
    parts = [
        {
            "cell_type": "code",
            "execution_count": None,
            "id": f"cell-{number}",
            "metadata": {} if number else {"tags": ["parameters"]},
            "outputs": [],
            "source": code.splitlines(keepends=True),
        }
        for number, code in enumerate(('profile = "quick"', *cells))
    ]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {"cells": parts, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{STAGE}.ipynb").write_text(json.dumps(content), encoding="utf-8")
    return folder / f"{STAGE}.ipynb"


@pytest.fixture
def notebooks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for notebooks in place of the real one; results go elsewhere."""
    monkeypatch.setattr(paths, "NOTEBOOKS", tmp_path / "notebooks")
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path / "results"))
    monkeypatch.setenv("FACEFAIR_CORES", "1")  # the runner sets it; this puts it back afterwards
    return tmp_path / "notebooks"


def test_a_parameter_that_the_notebook_does_not_know_is_refused_with_a_close_match() -> None:
    with pytest.raises(InputError, match=r"04\.ipynb: parameter 'profil'\n(.*\n)+.*did you mean 'profile'\?"):
        check_parameters(Path("04.ipynb"), {"profil": "quick"}, {"profile", "photos"})
    with pytest.raises(InputError, match=r"expected: one of photos, profile\n.*remove it"):
        check_parameters(Path("04.ipynb"), {"xyz": "quick"}, {"profile", "photos"})
    check_parameters(Path("04.ipynb"), {"profile": "quick"}, {"profile", "photos"})


def test_a_value_for_a_notebook_without_that_parameter_stops_before_any_kernel_starts(notebooks: Path) -> None:
    write_notebook(notebooks, "raise SystemExit")
    with pytest.raises(StageError, match=r"^04_metric_analysis failed: .*parameter 'data'"):
        run_stage(STAGE, "smoke", data="/somewhere", photos="", cores=1)


def test_a_shard_is_no_complete_stage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path))
    monkeypatch.setenv("FACEFAIR_CORES", "1")
    asked: list[tuple[int, int]] = []
    monkeypatch.setitem(study_run_stage._STEPS, stages.RUNS, lambda profile, cores, shard: asked.append(shard))
    record = tmp_path / "smoke" / stages.RUNS / "provenance.json"
    run_stage(stages.RUNS, "smoke", "", "", 1, (2, 4))
    assert not record.exists()
    said = capfd.readouterr().out.splitlines()
    assert said[0] == f"{MARK}runs, part 2 of 4 …" and said[1].startswith(f"{MARK}runs, part 2 of 4 ready in ")
    run_stage(stages.RUNS, "smoke", "", "", 1)
    assert record.exists()
    assert asked == [(2, 4), (1, 1)]


def test_a_stage_runs_with_its_parameters_shows_progress_and_opens_no_port(
    notebooks: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_notebook(
        notebooks,
        "import os\nfrom facefair_lib.store.progress import Progress\nshown = Progress('reading', 2)\n"
        "shown.advance()\nshown.advance()",
        "import json\nfrom pathlib import Path\nfrom ipykernel.kernelapp import IPKernelApp\n"
        "seen = {'profile': profile, 'cores': os.environ['FACEFAIR_CORES'], 'folder': Path.cwd().name,\n"
        "        'transport': IPKernelApp.instance().transport}\n"
        "Path('seen.json').write_text(json.dumps(seen))",
    )
    run_stage(STAGE, "smoke", data="", photos="", cores=3)
    output = capfd.readouterr()
    seen = json.loads((notebooks / "seen.json").read_text(encoding="utf-8"))
    assert seen == {"profile": "smoke", "cores": "3", "folder": "notebooks", "transport": "ipc"}
    lines = output.out.splitlines()
    assert lines[0] == f"{MARK}{STAGE} …"
    assert f"{MARK}{STAGE} · reading: 2/2 in 0 s" in lines
    assert re.fullmatch(rf"{MARK}{STAGE} done in \d+ s", lines[-1])
    assert "TCP" not in output.out + output.err
    assert PROGRESS_FILE not in os.environ
    executed = paths.results_dir("smoke") / "notebooks" / f"{STAGE}.ipynb"
    assert 'profile = \\"smoke\\"' in executed.read_text(encoding="utf-8")


def test_a_failing_notebook_says_where_and_what_and_keeps_the_executed_copy(notebooks: Path) -> None:
    write_notebook(notebooks, "print('so far')", "def divide(x):\n    return 1 / x\n\ndivide(0)", "print('never')")
    with pytest.raises(StageError) as caught:
        run_stage(STAGE, "smoke", data="", photos="", cores=1)
    message = str(caught.value)
    executed = paths.results_dir("smoke") / "notebooks" / f"{STAGE}.ipynb"
    # Papermill writes a cell with the given parameters after the notebook's own: the failing one is the fourth.
    assert message.splitlines() == [
        f"{STAGE} failed in cell 4: ZeroDivisionError: division by zero",
        f"the executed notebook is {executed}",
    ]
    assert "so far" in executed.read_text(encoding="utf-8")
    assert "Traceback" not in message


def test_a_kernel_that_the_system_ends_is_named_and_the_stage_runs_once_there_is_room(notebooks: Path) -> None:
    write_notebook(notebooks, "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    with pytest.raises(StageError, match=rf"(?s)^{STAGE} failed: the kernel of {STAGE}.*memory ran out.*--cores=1"):
        run_stage(STAGE, "smoke", data="", photos="", cores=1)
    write_notebook(notebooks, "print('enough now')")
    run_stage(STAGE, "smoke", data="", photos="", cores=1)


@pytest.mark.parametrize(
    ("number", "do"), [(errno.ENOSPC, "free some space"), (errno.EROFS, "allow writing"), (errno.EIO, None)]
)
def test_a_full_or_closed_disk_is_named_with_what_to_do(
    notebooks: Path, monkeypatch: pytest.MonkeyPatch, number: int, do: str | None
) -> None:
    def step(profile: object, cores: int, shard: tuple[int, int]) -> None:
        raise OSError(number, os.strerror(number), "images.npy")

    monkeypatch.setitem(study_run_stage._STEPS, stages.COHORT, step)
    told = pytest.raises(StageError, match=f"(?s)cohort failed: images.npy.*{os.strerror(number)}.*{do}")
    with told if do else pytest.raises(OSError, match=r"images\.npy"):
        run_stage(stages.COHORT, "smoke", data="", photos="", cores=1)


def test_lines_of_steps_without_a_notebook_arrive_too(
    notebooks: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def step(profile: object, cores: int, shard: tuple[int, int]) -> None:
        Progress("rendered pictures", 1).advance()

    monkeypatch.setitem(study_run_stage._STEPS, stages.COHORT, step)
    run_stage(stages.COHORT, "smoke", data="", photos="", cores=2)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == f"{MARK}cohort · rendered pictures: 1/1 in 0 s"
    provenance = json.loads((paths.results_dir("smoke") / "cohort" / "provenance.json").read_text(encoding="utf-8"))
    assert provenance["stage"] == "cohort"
    assert provenance["profile"] == "smoke"
    assert provenance["packages"]["torch"]
    assert provenance["plan"] == hashlib.sha256(paths.PLAN.read_bytes()).hexdigest()
    assert any(line.startswith("facefair_heads.sets.cohort ") for line in provenance["code"])


def test_a_step_that_fails_leaves_no_provenance(notebooks: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def step(profile: object, cores: int, shard: tuple[int, int]) -> None:
        raise RuntimeError("broken")

    monkeypatch.setitem(study_run_stage._STEPS, stages.COHORT, step)
    with pytest.raises(RuntimeError, match="broken"):
        run_stage(stages.COHORT, "smoke", data="", photos="", cores=2)
    assert not (paths.results_dir("smoke") / "cohort" / "provenance.json").exists()
    assert PROGRESS_FILE not in os.environ
