"""The study as a list of stages, and the files that tell the graph which of them must run again.

A stage depends on the settings it names and on the code it reaches (``digests``), which includes the reader of the
profile's data set and no other reader.
"""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import getitem
from pathlib import Path

from facefair_lib.settings import paths
from facefair_lib.settings.profiles import Profile
from facefair_lib.store import digests, results
from facefair_lib.store.provenance import FILE_NAME, recorded_code

COHORT = "cohort"
EXPERIMENT = "experiment"
COUNTERFACTUALS = "counterfactuals"
COMPOSITION = "composition"
COMPARISON = "comparison"
RUNS = "runs"
ANSWER = "10_answer"
REPORT = "report"
KEPT = paths.REPOSITORY / "results" / "kept"
"""Small tables of the reference run, kept in git, wherever a study's own results go."""
USERS_DATA, USERS_PHOTOS = "data", "photos"
"""Names of the lines that describe the user's own files."""
_USES_DATA, USES_PHOTOS = "01_data_preparation", "05_ethnicity_emotion_experiment"
_READERS = "facefair_lib.data.readers.opening"
"""Where data sets are opened by name."""


@dataclass(frozen=True)
class Stage:
    """One step of the study.

    Attributes
    ----------
    name : the notebook's stem, or the name of a step without a notebook
    settings : parts of the profile that the results depend on: sections, or single keys such as ``data.size``
    module : the library module that a step without a notebook runs
    """

    name: str
    settings: tuple[str, ...]
    module: str = ""

    @property
    def notebook(self) -> Path | None:
        """The stage's notebook, if it has one."""
        return None if self.module else paths.NOTEBOOKS / f"{self.name}.ipynb"


STAGES: tuple[Stage, ...] = (
    Stage(COHORT, ("seed", "cohort"), "facefair_heads.sets.cohort"),
    Stage(EXPERIMENT, ("people_seed", "experiment", "data.size"), "facefair_heads.sets.experiment_people"),
    Stage(
        COUNTERFACTUALS,
        (
            *("people_seed", "data.size", "counterfactuals.identities"),
            *("counterfactuals.further_tones", "counterfactuals.wild_per_group"),
        ),
        "facefair_heads.sets.counterfactual_cohort",
    ),
    Stage("01_data_preparation", ("seed", "cohort", "data")),
    Stage("02_train_deeplabv3", ("seed", "models", "training", "inference", "transfer_from")),
    Stage("03_train_pspnet", ("seed", "models", "training", "inference", "transfer_from")),
    Stage(COMPOSITION, ("seed", "composition", "training"), "facefair_lib.experiments.composition.run"),
    Stage(
        COMPARISON,
        ("seed", "comparison", "training", "inference.least_share"),
        "facefair_lib.experiments.architectures.run",
    ),
    Stage(
        RUNS,
        ("seed", "runs", "models", "training", "inference", "counterfactuals.views"),
        "facefair_lib.experiments.runs",
    ),
    Stage("04_metric_analysis", ("seed", "analysis", "transfer_from")),
    Stage("05_ethnicity_emotion_experiment", ("seed", "inference", "analysis", "experiment")),
    Stage("06_reproduction_audit", ("seed", "data", "models", "training", "analysis", "reproduction")),
    Stage("07_counterfactual_fairness", ("seed", "counterfactuals.views", "inference.least_share", "analysis")),
    Stage("08_real_photographs", ("seed", "training", "inference", "analysis", "transfer_from", "adaptation")),
    Stage("09_model_comparison", ("seed", "inference", "analysis", "comparison")),
    Stage(ANSWER, ("people_seed", "runs", "mitigated_by")),
    Stage(REPORT, tuple(Profile.model_fields), "facefair_lib.report.build"),
)
TRAINING_STAGES: dict[str, str] = {"deeplabv3": "02_train_deeplabv3", "pspnet": "03_train_pspnet"}
"""Model -> the stage that trains it."""

STAGE_NAMES: tuple[str, ...] = tuple(stage.name for stage in STAGES)
NOTEBOOK_STAGES: tuple[str, ...] = tuple(stage.name for stage in STAGES if stage.notebook)


def named(name: str) -> Stage:
    """The stage of a name."""
    return next(stage for stage in STAGES if stage.name == name)


def digest_file(profile: str, stage: str) -> Path:
    """The small file whose content changes when a stage's code or settings change."""
    return paths.results_dir(profile) / ".digests" / f"{stage}.txt"


def write_digests(profile: Profile, data: Path | None, photos: Sequence[Path]) -> None:
    """Write every stage's digest, touching only the files whose content changes, or from which the results differ.

    These differ after a change that was undone while a study ran: results made meanwhile would count as newer.

    Parameters
    ----------
    data : folder of the user's data set, if there is one
    photos : the user's table of photographs and the files that it names, if there is one
    """
    for stage in STAGES:
        lines = digest_lines(stage, profile, data, photos)
        text = "".join(f"{line}\n" for line in lines)
        path, record = digest_file(profile.name, stage.name), paths.results_dir(profile.name) / stage.name / FILE_NAME
        differs = recorded_code(record) not in (None, lines)
        if differs or not path.exists() or path.read_text(encoding="utf-8") != text:
            results.write_text(path, text)


def digest_lines(stage: Stage, profile: Profile, data: Path | None, photos: Sequence[Path]) -> list[str]:
    """One line, a name and a digest, per thing that the results depend on, other than earlier stages' results."""
    lines = stage_digest(stage, profile)
    if stage.name == _USES_DATA and data is not None:
        lines.append(f"{USERS_DATA} {_describe(data, sorted(data.rglob('*')))}")
    if stage.name == USES_PHOTOS and photos:
        lines.append(f"{USERS_PHOTOS} {_describe(photos[0].parent, photos)}")
    return lines


def known_lines(stage: Stage, profile: Profile) -> list[str]:
    """`digest_lines` within a stage, which takes the lines on the user's files as the study recorded them."""
    path = digest_file(profile.name, stage.name)
    written = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    users = [line for line in written if line.split(" ")[0] in (USERS_DATA, USERS_PHOTOS)]
    return [*stage_digest(stage, profile), *users]


def stage_digest(stage: Stage, profile: Profile) -> list[str]:
    """One line per setting, module and file of the repository that the stage's results depend on."""
    values = profile.model_dump(mode="json")
    settings = [
        f"settings.{key} {digests.text_digest(json.dumps(reduce(getitem, key.split('.'), values), sort_keys=True))}"
        for key in stage.settings
    ]
    files = [
        f"{path.relative_to(paths.REPOSITORY).as_posix()} {digests.text_digest(path.read_bytes())}"
        for path in _files_of_the_repository(stage, profile)
    ]
    return settings + _code_lines(stage, profile.data.source) + files


def _files_of_the_repository(stage: Stage, profile: Profile) -> list[Path]:
    """Files that a stage reads that are neither code nor settings nor another stage's results."""
    if stage.name == "06_reproduction_audit":
        return [paths.REPORT / "published.csv"]
    if stage.name == ANSWER:
        # A study of one run prints the spread of the kept runs beside its own intervals.
        return [paths.PLAN, *(sorted((KEPT / ANSWER).glob("*.csv")) if profile.runs == 1 else [])]
    if stage.name == REPORT:
        return sorted(path for path in paths.REPORT.rglob("*") if path.suffix in (".tex", ".csv", ".bib"))
    return []


def code_version(stage: str) -> str:
    """One digest of all code that a stage reaches, without the readers of data sets."""
    return digests.text_digest("\n".join(_code_lines(named(stage))))


def _code_lines(stage: Stage, source: str = "") -> list[str]:
    """One line per module; ``source`` is the data set whose reader the stage opens by name."""
    lines = []
    modules = {stage.module}
    if stage.notebook:
        code = digests.notebook_code(stage.notebook)
        lines.append(f"notebook {digests.text_digest(digests.code_only(code))}")
        modules = digests.reached_modules(code)
    reached = digests.closure(modules)
    if _READERS in reached and source in digests.homes(_READERS):
        reached = digests.closure({*reached, digests.homes(_READERS)[source]})
    return lines + digests.module_lines(reached)


def _describe(root: Path, files: Sequence[Path]) -> str:
    """Digest of the files' folder, names, sizes and times: enough to notice a change without reading them."""
    lines = [line for line in (_file_line(root, path) for path in files) if line]
    return digests.text_digest(b"\n".join([os.fsencode(root.resolve()), *lines]))


def _file_line(root: Path, path: Path) -> bytes:
    """Line of one file, by the bytes of its name; empty for what is no file, such as a dangling link."""
    name = os.fsencode(os.path.relpath(path, root))
    try:
        found = path.stat()
    except PermissionError:
        return name + b" may not be looked at"
    except OSError:
        return b""
    return name + f" {found.st_size} {found.st_mtime_ns}".encode() if stat.S_ISREG(found.st_mode) else b""
