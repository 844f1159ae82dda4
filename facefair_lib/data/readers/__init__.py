"""Readers of published layouts: each turns a folder into a manifest and label files into class indices."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from facefair_lib.data.readers.base import Reader
from facefair_lib.data.readers.fasseg import FassegReader
from facefair_lib.data.readers.mut1ny import Mut1nyReader, RenderedReader
from facefair_lib.data.readers.photos import PhotosReader
from facefair_lib.errors import InputError

READERS: Mapping[str, type[Reader]] = MappingProxyType(
    {reader.name: reader for reader in (Mut1nyReader, RenderedReader, FassegReader, PhotosReader)}
)
"""Name used in a profile (data.source) -> reader class."""

__all__ = ["READERS", "FassegReader", "Mut1nyReader", "PhotosReader", "Reader", "RenderedReader", "open_reader"]


def open_reader(name: str, root: Path | str, **options: Any) -> Reader:
    """Open a data set by its layout's name.

    Parameters
    ----------
    name : a key of ``READERS``
    root : the data set's folder
    options : what that reader's constructor accepts besides ``root``

    Raises
    ------
    InputError
        for an unknown name or option, or a folder that does not exist
    """
    if name not in READERS:
        raise InputError(
            "data.source",
            found=repr(name),
            expected=f"one of {', '.join(READERS)}",
            do="correct the profile's data.source",
        )
    known = [option for option in inspect.signature(READERS[name]).parameters if option != "root"]
    unknown = [option for option in options if option not in known]
    if unknown:
        raise InputError(
            f"the {name} reader",
            found=f"the option {', '.join(unknown)}",
            expected=f"only {', '.join(known) or 'no options'}",
            do="remove it from the profile's data section",
        )
    return READERS[name](Path(root), **options)
