"""Digests of code: which modules code reaches, and one short text per module that changes with its code.

Saving a notebook's outputs, or editing a comment or a docstring, changes no digest. Left out are modules that only
schedule, show and record work (``_BESIDE_RESULTS``), imports for types only, and the classes that describe settings: a
stage's digest already holds the values of the settings it uses.

A package's ``__init__`` computes nothing. It imports nothing, or it imports names lazily; its table ``_HOMES`` (name ->
module) then leads to the module that is meant.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from facefair_lib.settings import paths

_BESIDE_RESULTS = frozenset(
    f"facefair_lib.store.{name}" for name in ("stages", "digests", "progress", "provenance", "processes")
)
"""Modules that do not affect what a stage computes; editing the list of stages must not refit every network."""
_SETTINGS_BASE = "Section"
"""Base class of the descriptions of settings (``settings/profiles.py``)."""


def module_version(module: str) -> str:
    """One digest of the code of a module and of all modules of the project that it reaches."""
    return text_digest("\n".join(module_lines(closure({module}))))


def module_lines(modules: set[str]) -> list[str]:
    """One line per module: its name and the digest of its code."""
    return [f"{module} {_code_digest(_source(module))}" for module in sorted(modules)]


def notebook_code(path: Path) -> str:
    """The code cells of a notebook, joined."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    return "\n\n".join("".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code")


def reached_modules(code: str) -> set[str]:
    """Modules of the project that a piece of code imports, directly or through others."""
    return closure(_imported(code))


def closure(modules: set[str]) -> set[str]:
    """These modules and all modules of the project that they import, also inside functions, directly or not."""
    found, waiting = set(), set(modules)
    while waiting:
        module = waiting.pop()
        found.add(module)
        waiting |= _imported(_source(module)) - found
    return found


def module_path(module: str) -> Path:
    """File of a module or package."""
    return _place(paths.REPOSITORY, module)[0]


def homes(module: str) -> dict[str, str]:
    """Names that a package imports lazily -> their modules, by its table ``_HOMES``."""
    return _homes(_source(module))


def text_digest(text: str | bytes) -> str:
    """The first 16 hexadecimal digits of a text's SHA-256."""
    return hashlib.sha256(text.encode() if isinstance(text, str) else text).hexdigest()[:16]


def _source(module: str) -> str:
    return module_path(module).read_text(encoding="utf-8")


def _imported(code: str) -> set[str]:
    names = {_origin(module, name) for module, name in _import_pairs(code)}
    return {module for module in names if _is_there(module)} - _BESIDE_RESULTS


def _origin(module: str, name: str) -> str:
    """Module that ``from module import name`` imports the name from."""
    inner = f"{module}.{name}"
    if not name or not _is_there(module):
        return module
    return inner if _is_there(inner) else homes(module).get(name, module)


def _is_there(module: str) -> bool:
    return _place(paths.REPOSITORY, module)[1]


@cache
def _place(root: Path, module: str) -> tuple[Path, bool]:
    """File of a module, and whether there is one; modules do not come and go while a process runs."""
    path = root.joinpath(*module.split("."))
    path = path / "__init__.py" if path.is_dir() else path.with_suffix(".py")
    return path, path.exists()


# The following are cached by text, so that a process parses no code twice.
@cache
def _import_pairs(code: str) -> frozenset[tuple[str, str]]:
    """Every (module, name) of the project's packages that code imports; the name is empty for ``import module``."""
    pairs: set[tuple[str, str]] = set()
    for node in _run_time(ast.parse(code)):
        if isinstance(node, ast.Import):
            pairs |= {(alias.name, "") for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            pairs |= {(node.module, alias.name) for alias in node.names}
    return frozenset(pair for pair in pairs if pair[0].split(".")[0] in paths.PACKAGES)


@cache
def _homes(code: str) -> dict[str, str]:
    for node in ast.parse(code).body:
        targets = (
            node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
        )
        if any(isinstance(target, ast.Name) and target.id == "_HOMES" for target in targets):
            return dict(ast.literal_eval(node.value))
    return {}


@cache
def _code_digest(code: str) -> str:
    return text_digest(code_only(code))


def _run_time(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node except those that only type checkers see."""
    yield tree
    for_types = isinstance(tree, ast.If) and ast.unparse(tree.test) == "TYPE_CHECKING"
    for node in tree.orelse if for_types else ast.iter_child_nodes(tree):
        yield from _run_time(node)


def code_only(source: str) -> str:
    """The source without comments, docstrings, layout and descriptions of settings."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [part for part in body if not _is_bare_text(part)] or [ast.Pass()]
    tree.body = _without_settings(tree.body)
    return ast.dump(tree)


def _without_settings(body: list[ast.stmt]) -> list[ast.stmt]:
    """Leave out classes that hold only fields and checks of settings; any other method counts as code."""
    settings, kept = {_SETTINGS_BASE}, []
    for part in body:
        bases = {base.id for base in getattr(part, "bases", ()) if isinstance(base, ast.Name)}
        if bases & settings and all(_is_field_or_check(entry) for entry in part.body):
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
