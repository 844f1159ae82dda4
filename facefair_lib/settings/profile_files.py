"""Profiles on disk: reads ``config/<profile>.yaml`` and merges it into the profile that it names in ``extends``.

Sections are merged key by key, at any depth; everything else, lists included, is replaced as a whole.
"""

from __future__ import annotations

import difflib
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from facefair_lib.errors import InputError
from facefair_lib.settings import paths

EXTENDS = "extends"
"""Key by which a profile names the one whose values it uses wherever it gives none of its own."""


@dataclass(frozen=True)
class ProfileFiles:
    """The values of a profile, and the files they come from.

    Attributes
    ----------
    layers : (file, its own values): first the profile itself, then what it extends, and so on
    """

    layers: tuple[tuple[Path, dict[str, Any]], ...]

    @property
    def merged(self) -> dict[str, Any]:
        """All values without ``extends``; those of the profile itself take precedence."""
        values: dict[str, Any] = {}
        for _, layer in reversed(self.layers):
            values = merge(values, {key: value for key, value in layer.items() if key != EXTENDS})
        return values

    def origin(self, location: Sequence[int | str]) -> Path:
        """The file that gives the value at a location such as ``("data", "size")``; the profile's own if none does."""
        return next((path for path, layer in self.layers if _gives(layer, location)), self.layers[0][0])


def read_yaml(path: Path, expected: str) -> Any:
    """Read the plain values of a YAML file.

    Raises
    ------
    InputError
        if it cannot be read or is not YAML
    """
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise InputError(path, found="no such file", expected=expected, do="take it from git") from error
    # A number of thousands of digits and the 31st of February are ValueErrors, as is what is not UTF-8.
    except (yaml.YAMLError, ValueError, RecursionError, OSError) as error:
        raise InputError(
            path, found=f"no valid YAML: {error}", expected=expected, do="correct the line named"
        ) from error


_SHORT = reprlib.Repr()
_SHORT.maxlevel, _SHORT.maxstring, _SHORT.maxother = 2, 200, 200


def shown(value: Any) -> str:
    """A value as text for a message, shortened, because YAML's aliases let a few lines mean millions of values."""
    return _SHORT.repr(value)


def names_in(folder: Path) -> list[str]:
    """Names of the profiles in a folder, sorted."""
    return sorted(path.stem for path in folder.glob("*.yaml") if path.name != paths.PLAN.name)


def read_profile(name: str, folder: Path) -> ProfileFiles:
    """Read a profile's file and all that it extends.

    Raises
    ------
    InputError
        if a file does not exist, is not YAML or holds no keys, or ``extends`` names no profile or goes in a circle
    """
    layers: list[tuple[Path, dict[str, Any]]] = []
    wanted: str | None = name
    while wanted is not None:
        path = folder / f"{wanted}.yaml"
        if not path.is_file():
            raise _unknown(wanted, path, layers[-1][0] if layers else None)
        layers.append((path, _read(path)))
        wanted = _parent(layers)
    return ProfileFiles(tuple(layers))


def merge(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two mappings; the values of ``above`` take precedence, and mappings under one key are merged likewise."""
    merged = dict(below)
    for key, value in above.items():
        both = isinstance(merged.get(key), Mapping) and isinstance(value, Mapping)
        merged[key] = merge(merged[key], value) if both else value
    return merged


def _read(path: Path) -> dict[str, Any]:
    values = read_yaml(path, "a profile")
    if not isinstance(values, dict):
        raise InputError(path, found=shown(values), expected="a profile: keys with values", do="correct this file")
    if "name" in values:
        raise InputError(
            f"{path}: name",
            found=shown(values["name"]),
            expected="no such key: a profile is named by its file",
            do="remove this key, or rename the file",
        )
    return values


def _parent(layers: Sequence[tuple[Path, dict[str, Any]]]) -> str | None:
    """What the last layer extends, or None.

    Raises
    ------
    InputError
        if it is not a name, or that of a profile that was read before
    """
    path, values = layers[-1]
    if EXTENDS not in values:
        return None
    parent = values[EXTENDS]
    if not isinstance(parent, str):
        raise InputError(
            f"{path}: {EXTENDS}",
            found=shown(parent),
            expected="the name of one profile",
            do="name it, or remove this key",
        )
    chain = [layer.stem for layer, _ in layers]
    if parent in chain:
        raise InputError(
            f"{path}: {EXTENDS}",
            found=f"a circle: {' extends '.join([*chain[chain.index(parent) :], parent])}",
            expected="a profile that does not extend this one in turn",
            do="name another profile, or remove this key",
        )
    return parent


def _unknown(name: str, path: Path, extended_by: Path | None) -> InputError:
    """The error for a profile that does not exist, whether it was asked for or named in ``extends``."""
    known = names_in(path.parent)
    do = "choose one of these, for example: make study PROFILE=quick"
    if extended_by:
        close = difflib.get_close_matches(name, known, 1)
        do = f"did you mean {close[0]!r}?" if close else "name one of these, or remove this key"
    return InputError(
        f"{extended_by}: {EXTENDS}" if extended_by else f"profile {name!r}",
        found=f"{name!r}, but there is no file {path}" if extended_by else f"no file {path}",
        expected=f"one of {', '.join(known)}",
        do=do,
    )


def _gives(values: Any, location: Sequence[int | str]) -> bool:
    """Whether plain values hold something at a location."""
    for part in location:
        holds = (
            part in values if isinstance(values, Mapping) else isinstance(values, list) and part in range(len(values))
        )
        if not holds:
            return False
        values = values[part]
    return True
