"""Running one stage, a notebook through papermill or a step without one; Snakemake calls this once per job."""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from facefair_lib.errors import InputError, unwritable
from facefair_lib.settings import paths
from facefair_lib.settings.path_text import path_text
from facefair_lib.settings.profiles import Profile, load_profile
from facefair_lib.store import stages
from facefair_lib.store.processes import WHOLE
from facefair_lib.store.progress import PROGRESS_FILE, Progress, followed
from facefair_lib.store.provenance import write_provenance
from facefair_lib.store.results import Stage
from facefair_lib.study import copy_rendered

if TYPE_CHECKING:
    from facefair_lib.experiments.people import People

MARK = "▸ "  # begins every line that the study shows; all others go to the log only
_KERNEL_HANGS = 1800  # seconds; a kernel starts within two, or on a busy machine within a minute or two

FAILED = "failed"
"""Follows the stage's name in the line that says why a study stopped."""


class StageError(RuntimeError):
    """A stage failed; the message is all that the user needs to see."""


def say(text: str) -> None:
    """Show a line to whoever started the study."""
    for line in text.splitlines():
        print(MARK + line, flush=True)


def run_stage(name: str, profile_name: str, data: str, photos: str, cores: int, shard: tuple[int, int] = WHOLE) -> None:
    """Run one stage and show its beginning, progress and end.

    A shard (k, n) does the k-th of n shares of the work. The whole stage, run afterwards, finds it done; only that run
    completes the stage.

    Raises
    ------
    StageError
        if it fails for a reason that a user can act on; the message begins with the stage's name
    """
    begin = time.monotonic()
    part = "" if shard == WHOLE else f", part {shard[0]} of {shard[1]}"
    say(f"{name}{part} …")
    try:
        _run(stages.named(name), load_profile(profile_name), data, photos, cores, shard)
    except (InputError, OSError) as error:
        told = error if isinstance(error, InputError) else unwritable(error)
        if told is None:
            raise
        raise StageError(f"{name} {FAILED}: {told}") from error
    say(f"{name}{part} {'ready' if part else 'done'} in {time.monotonic() - begin:.0f} s")


def _run(stage: stages.Stage, profile: Profile, data: str, photos: str, cores: int, shard: tuple[int, int]) -> None:
    os.environ["FACEFAIR_CORES"] = str(cores)
    if stage.notebook:
        _run_notebook(stage.notebook, profile, {"profile": profile.name, "data": data, "photos": photos})
        return
    begin, made_from, read = time.monotonic(), stages.known_lines(stage, profile), set[Path]()
    folder = paths.results_dir(profile.name) / stage.name
    twin = copy_rendered.find_twin(stage, profile)
    if not twin:
        with _progress_to_console(stage.name):
            read = set(_STEPS[stage.name](profile, cores, shard) or ())
    elif shard == WHOLE:
        copy_rendered.copy_twin(twin, folder)
        say(f"{stage.name} copied from the profile {twin.parent.name}, which rendered the same people")
    if shard == WHOLE:
        inputs = {str(path.relative_to(paths.results_root())): path for path in read}
        write_provenance(folder, profile, stage.name, time.monotonic() - begin, inputs, made_from)


def _run_notebook(notebook: Path, profile: Profile, values: dict[str, str]) -> None:
    """Execute a notebook; the executed copy stays in ``results/<profile>/notebooks``, also if a cell fails."""
    # If this optional parser of web addresses is installed, jsonschema builds it at import, which takes 1.6 s of every
    # stage; notebooks hold nothing that it would check.
    sys.modules.setdefault("rfc3987_syntax", None)
    import papermill
    from nbclient.exceptions import DeadKernelError

    executed = paths.results_dir(profile.name) / "notebooks" / notebook.name
    executed.parent.mkdir(parents=True, exist_ok=True)
    known = papermill.inspect_notebook(_literal(notebook))
    parameters = {key: value for key, value in values.items() if value or key == "profile"}
    check_parameters(notebook, parameters, set(known))
    with _progress_to_console(notebook.stem):
        try:
            papermill.execute_notebook(
                _literal(notebook),
                _literal(executed),
                parameters=parameters,
                kernel_name="python3",
                kernel_manager_class="facefair_lib.study.jupyter_kernel.LocalKernelManager",
                progress_bar=False,
                start_timeout=_KERNEL_HANGS,
                cwd=str(paths.NOTEBOOKS),
            )
        except papermill.PapermillExecutionError as error:
            place = f"{executed.stem} {FAILED} in cell {error.exec_count}"  # without a traceback through the libraries
            told = f"{place}: {error.ename}: {error.evalue}\nthe executed notebook is {path_text(executed)}"
            raise StageError(told) from error
        except DeadKernelError as error:
            raise InputError(
                f"the kernel of {executed.name}", found="ended by the system, probably because memory ran out",
                expected="enough memory for all stages that run side by side",
                do="end other programs, or add --cores=1; then run the same command again",
            ) from error  # fmt: skip


def _literal(path: Path) -> str:
    """A path for papermill, which would fill in names in braces."""
    return str(path).replace("{", "{{").replace("}", "}}")


def check_parameters(notebook: Path, given: dict[str, str], known: set[str]) -> None:
    """Refuse a parameter that the notebook does not know; papermill would only warn and ignore it."""
    for name in given:
        if name not in known:
            close = difflib.get_close_matches(name, sorted(known), 1)
            raise InputError(
                f"{notebook.name}: parameter {name!r}",
                found="the notebook has no such parameter",
                expected=f"one of {', '.join(sorted(known))}",
                do=f"did you mean {close[0]!r}?" if close else "remove it",
            )


@contextmanager
def _progress_to_console(name: str) -> Iterator[None]:
    """Show the progress lines of this process and of its kernel as they come."""
    with (
        tempfile.TemporaryDirectory() as own,
        followed(Path(own, "lines"), lambda line: say(f"{name} · {line.rstrip()}")),
    ):
        os.environ[PROGRESS_FILE] = str(Path(own, "lines", "progress"))
        try:
            yield
        finally:
            del os.environ[PROGRESS_FILE]


def _render_cohort(profile: Profile, cores: int, shard: tuple[int, int]) -> None:
    from facefair_heads.sets.cohort import write_cohort

    root = paths.results_dir(profile.name) / stages.COHORT
    version = stages.code_version(stages.COHORT)
    write_cohort(root, profile.cohort, profile.seed, cores, version, Progress.callback("rendered pictures"), shard)


def _render_experiment(profile: Profile, cores: int, shard: tuple[int, int]) -> None:
    from facefair_heads.sets.experiment_people import write_experiment

    folder = paths.results_dir(profile.name) / stages.EXPERIMENT
    people, size = profile.experiment.people_per_cell, profile.data.size
    version = stages.code_version(stages.EXPERIMENT)
    advance = Progress.callback("rendered people")
    write_experiment(folder, people, size, profile.people_seed, cores, version, advance, shard)


def _render_counterfactuals(profile: Profile, cores: int, shard: tuple[int, int]) -> None:
    from facefair_heads.sets.counterfactual_cohort import write_counterfactuals

    folder = paths.results_dir(profile.name) / stages.COUNTERFACTUALS
    version = stages.code_version(stages.COUNTERFACTUALS)
    size, seed = profile.data.size, profile.people_seed
    advance = Progress.callback("rendered pictures")
    write_counterfactuals(folder, profile.counterfactuals, size, seed, cores, version, advance, shard)


def _fit_compositions(profile: Profile, cores: int, shard: tuple[int, int]) -> list[Path]:
    from facefair_lib.experiments.composition.run import Pictures, write_compositions

    data, people, read = _pictures(profile)
    prepared = Pictures(data.table("prepared"), *data.arrays())
    folder, version = paths.results_dir(profile.name) / stages.COMPOSITION, stages.code_version(stages.COMPOSITION)
    write_compositions(folder, profile, prepared, people, cores, version, Progress.callback("fits"), shard)
    return read


def _compare_networks(profile: Profile, cores: int, shard: tuple[int, int]) -> list[Path]:
    from facefair_lib.experiments.architectures.run import write_comparison

    data, people, read = _pictures(profile)
    folder = paths.results_dir(profile.name) / stages.COMPARISON
    write_comparison(folder, profile, data, people, cores, Progress.callback("fits"), shard)
    return read


def _pictures(profile: Profile) -> tuple[Stage, People, list[Path]]:
    """The prepared pictures, the people to score, and a list that receives the files read of both."""
    from facefair_lib.experiments.people import rendered_people

    root, read = paths.results_dir(profile.name), list[Path]()
    people = rendered_people(Stage(root / stages.EXPERIMENT, read.append)).scored
    return Stage(root / "01_data_preparation", read.append), people, read


def _score_runs(profile: Profile, cores: int, shard: tuple[int, int]) -> set[Path]:
    from facefair_lib.experiments.runs import write_runs

    return write_runs(paths.results_dir(profile.name), profile, cores, Progress.callback("fits and scores"), shard)


def _build_report(profile: Profile, cores: int, shard: tuple[int, int]) -> list[Path]:
    from facefair_lib.report.build import build_report
    from facefair_lib.report.latexmk import MissingLatexError

    pdf = paths.report_pdf(profile.name)
    folder, read = paths.results_dir(profile.name), list[Path]()
    try:
        build_report(folder, paths.REPORT, profile.name, profile.model_dump(mode="json"), pdf, read.append)
        say(f"the report is {path_text(pdf)}")
    except MissingLatexError as error:
        say(str(error))
    return read


_STEPS = {
    stages.COHORT: _render_cohort,
    stages.EXPERIMENT: _render_experiment,
    stages.COUNTERFACTUALS: _render_counterfactuals,
    stages.COMPOSITION: _fit_compositions,
    stages.COMPARISON: _compare_networks,
    stages.RUNS: _score_runs,
    stages.REPORT: _build_report,
}
