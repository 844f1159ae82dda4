"""The study as a list of stages, and the digests by which the graph knows what must run again.

A stage depends on the code of its notebook and of the library modules that this code reaches, not on their files:
saving a notebook's outputs, or editing a comment or a docstring, changes no digest and reruns nothing. Nor do modules
that only schedule, show and record work (``_BESIDE_RESULTS``), nor the classes that describe settings: what they hold
reaches a stage as values, and the values that a stage uses are in its digest already.
"""

from __future__ import annotations

import ast
import hashlib
import json
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from facefair_lib import paths, results
from facefair_lib.config import Profile
from facefair_lib.path_text import path_text

COHORT = "cohort"
EXPERIMENT = "experiment"
COUNTERFACTUALS = "counterfactuals"
COMPOSITION = "composition"
COMPARISON = "comparison"
REPORT = "report"

_BESIDE_RESULTS = frozenset(f"facefair_lib.{room}" for room in ("workflow", "progress", "provenance", "processes"))
"""Modules without a say in what a stage computes; an edit of the list of stages must not fit every network again."""
_SETTINGS_BASE = "Section"
"""Base of the classes that describe settings (``config.py``)."""


@dataclass(frozen=True)
class Stage:
    """One step of the study.

    Attributes
    ----------
    name : the notebook's stem, or the name of a step without a notebook
    module : the library module that such a step runs
    settings : what of the profile the step's results depend on: sections, or single keys such as ``data.size``
    """

    name: str
    settings: tuple[str, ...]
    module: str = ""

    @property
    def notebook(self) -> Path | None:
        """The stage's notebook, if it has one."""
        return None if self.module else paths.NOTEBOOKS / f"{self.name}.ipynb"


STAGES: tuple[Stage, ...] = (
    Stage(COHORT, ("seed", "cohort"), "facefair_lib.heads.cohort"),
    Stage(EXPERIMENT, ("seed", "experiment", "data.size"), "facefair_lib.heads.experiment"),
    Stage(
        COUNTERFACTUALS,
        (
            *("seed", "data.size", "counterfactuals.identities", "counterfactuals.varied"),
            *("counterfactuals.further_tones", "counterfactuals.wild_per_group"),
        ),
        "facefair_lib.heads.counterfactual_cohort",
    ),
    Stage("01_data_preparation", ("seed", "cohort", "data")),
    Stage("02_train_deeplabv3", ("seed", "models", "training", "inference", "transfer_from")),
    Stage("03_train_pspnet", ("seed", "models", "training", "inference", "transfer_from")),
    Stage(COMPOSITION, ("seed", "composition", "training"), "facefair_lib.composition.run"),
    Stage(COMPARISON, ("seed", "comparison", "training"), "facefair_lib.comparison.run"),
    Stage("04_metric_analysis", ("seed", "analysis", "transfer_from")),
    Stage("05_ethnicity_emotion_experiment", ("seed", "inference", "analysis", "experiment")),
    Stage("06_reproduction_audit", ("seed", "data", "models", "training", "analysis", "reproduction")),
    Stage("07_counterfactual_fairness", ("seed", "counterfactuals.views", "analysis")),
    Stage("08_real_photographs", ("seed", "training", "inference", "analysis", "transfer_from", "adaptation")),
    Stage("09_model_comparison", ("seed", "inference", "analysis", "comparison")),
    Stage(REPORT, tuple(Profile.model_fields), "facefair_lib.report"),
)
TRAINING_STAGES: dict[str, str] = {"deeplabv3": "02_train_deeplabv3", "pspnet": "03_train_pspnet"}
"""Model -> the stage that fits it."""

STAGE_NAMES: tuple[str, ...] = tuple(stage.name for stage in STAGES)
NOTEBOOK_STAGES: tuple[str, ...] = tuple(stage.name for stage in STAGES if stage.notebook)


def digest_file(profile: str, stage: str) -> Path:
    """The small file whose content changes when a stage's code or settings change."""
    return paths.results_dir(profile) / ".digests" / f"{stage}.txt"


def write_digests(profile: Profile, data: Path | None, photos: Sequence[Path]) -> None:
    """Write every stage's digest, touching only the files whose content changes.

    Parameters
    ----------
    data : folder of the user's data set, if there is one
    photos : the user's table of photographs and the files that it names, if there is one
    """
    for stage in STAGES:
        text = stage_digest(stage, profile)
        if stage.name == "01_data_preparation":
            text += _describe_folder(data)
        if stage.name == "05_ethnicity_emotion_experiment":
            text += _describe(photos[0].parent, photos) if photos else ""
        if stage.name == "06_reproduction_audit":
            text += _describe(paths.REPORT, [paths.REPORT / "published.csv"])
        if stage.name == REPORT:
            text += _describe_folder(paths.REPORT, (".tex", ".csv", ".bib"))
        path = digest_file(profile.name, stage.name)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            results.write_text(path, text)


def stage_digest(stage: Stage, profile: Profile) -> str:
    """Lines of text: one per thing that the stage's results depend on."""
    values = profile.model_dump(mode="json")
    settings = [f"settings.{key} {_digest(json.dumps(_value(values, key), sort_keys=True))}" for key in stage.settings]
    return "\n".join(settings + _code_lines(stage)) + "\n"


def _value(values: dict[str, Any], key: str) -> Any:
    """Look up ``section`` or ``section.key``."""
    for part in key.split("."):
        values = values[part]
    return values


def code_version(stage: str) -> str:
    """One digest of all code that a stage reaches."""
    return _digest("\n".join(_code_lines(next(entry for entry in STAGES if entry.name == stage))))


def module_version(module: str) -> str:
    """One digest of the code of a library module and of all library modules that it reaches."""
    return _digest("\n".join(_module_lines({module})))


def _code_lines(stage: Stage) -> list[str]:
    lines = []
    modules = {stage.module}
    if stage.notebook:
        code = notebook_code(stage.notebook)
        lines.append(f"notebook {_digest(_code_only(code))}")
        modules = reached_modules(code)
    return lines + _module_lines(modules)


def _module_lines(modules: set[str]) -> list[str]:
    return [f"{module} {_module_digest(module)}" for module in sorted(_closure(modules))]


@cache
def _module_digest(module: str) -> str:
    return _digest(_code_only(module_path(module).read_text(encoding="utf-8")))


def notebook_code(path: Path) -> str:
    """The code cells of a notebook, joined."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return "\n\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")


def reached_modules(code: str) -> set[str]:
    """Library modules that a piece of code imports, directly or through other library modules."""
    return _closure(_imports(ast.parse(code)))


def module_path(module: str) -> Path:
    """File of a library module or package."""
    path = paths.REPOSITORY.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def _closure(modules: set[str]) -> set[str]:
    found, open_modules = set(), set(modules)
    while open_modules:
        module = open_modules.pop()
        found.add(module)
        open_modules |= _module_imports(module) - found
    return found


@cache
def _module_imports(module: str) -> frozenset[str]:
    return frozenset(_imports(ast.parse(module_path(module).read_text(encoding="utf-8"))))


def _imports(tree: ast.AST) -> set[str]:
    """Every facefair_lib module named in an import anywhere in the tree (also inside functions)."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    inside = {name for name in names if name.split(".")[0] == paths.LIBRARY.name} - _BESIDE_RESULTS
    return {name for name in inside if module_path(name).exists()}


def _code_only(source: str) -> str:
    """The source without comments, docstrings, layout and descriptions of settings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [part for part in body if not _is_bare_text(part)] or [ast.Pass()]
    tree.body = _without_settings(tree.body)
    return ast.dump(tree)


def _without_settings(body: list[ast.stmt]) -> list[ast.stmt]:
    """Leave out the classes that are nothing but fields and checks of settings; a method of another kind is code."""
    settings, kept = {_SETTINGS_BASE}, []
    for part in body:
        bases = {base.id for base in getattr(part, "bases", ()) if isinstance(base, ast.Name)}
        if (
            isinstance(part, ast.ClassDef)
            and bases & settings
            and all(_is_field_or_check(entry) for entry in part.body)
        ):
            settings.add(part.name)
        else:
            kept.append(part)
    return kept


def _is_field_or_check(node: ast.stmt) -> bool:
    if isinstance(node, ast.FunctionDef):
        called = [mark.func for mark in node.decorator_list if isinstance(mark, ast.Call)]
        return any(isinstance(name, ast.Name) and name.id in ("model_validator", "field_validator") for name in called)
    return isinstance(node, ast.AnnAssign | ast.Pass)


def _is_bare_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _describe_folder(folder: Path | None, endings: tuple[str, ...] = ()) -> str:
    """What says that a folder's files changed; only files with one of the endings, if any are given."""
    if folder is None:
        return ""
    files = sorted(path for path in folder.rglob("*") if not endings or path.suffix in endings)
    return _describe(folder, files)


def _describe(root: Path, files: Sequence[Path]) -> str:
    """Names, sizes and times of files: enough to notice a change without reading them."""
    lines = [line for line in (_file_line(root, path) for path in files) if line]
    digest = _digest_of_bytes(b"\n".join(lines))
    return f"{path_text(root.resolve())} {len(lines)} files {digest}\n"


def _file_line(root: Path, path: Path) -> bytes:
    """One file, by the bytes of its name; nothing of what is no file, such as a link that leads nowhere."""
    name = os.fsencode(os.path.relpath(path, root))
    try:
        found = path.stat()
    except PermissionError:
        return name + b" may not be looked at"
    except OSError:
        return b""
    return name + f" {found.st_size} {found.st_mtime_ns}".encode() if stat.S_ISREG(found.st_mode) else b""


def _digest(text: str) -> str:
    return _digest_of_bytes(text.encode())


def _digest_of_bytes(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
