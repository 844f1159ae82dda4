"""Readers of published layouts: each turns a folder into a manifest and label files into class indices."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from facefair_lib.config import DataSettings
from facefair_lib.data.readers.base import Reader
from facefair_lib.data.readers.celebamask import CelebAMaskReader
from facefair_lib.data.readers.cfd import CfdReader
from facefair_lib.data.readers.ckplus import CkPlusReader
from facefair_lib.data.readers.facesynthetics import FaceSyntheticsReader
from facefair_lib.data.readers.fairface import FairFaceReader
from facefair_lib.data.readers.fasseg import FassegReader
from facefair_lib.data.readers.helen import HelenReader
from facefair_lib.data.readers.ibugmask import IBugMaskReader
from facefair_lib.data.readers.jaffe import JaffeReader
from facefair_lib.data.readers.lapa import LapaReader
from facefair_lib.data.readers.mut1ny import Mut1nyReader, RenderedReader
from facefair_lib.data.readers.photos import PhotosReader
from facefair_lib.data.readers.rafd import RafdReader
from facefair_lib.data.readers.utkface import UtkfaceReader
from facefair_lib.errors import InputError

WITH_MASKS: tuple[type[Reader], ...] = (
    Mut1nyReader,
    RenderedReader,
    FassegReader,
    CelebAMaskReader,
    LapaReader,
    HelenReader,
    IBugMaskReader,
    FaceSyntheticsReader,
)
WITHOUT_MASKS: tuple[type[Reader], ...] = (
    JaffeReader,
    CkPlusReader,
    RafdReader,
    CfdReader,
    FairFaceReader,
    UtkfaceReader,
)

READERS: Mapping[str, type[Reader]] = MappingProxyType(
    {reader.name: reader for reader in (*WITH_MASKS, PhotosReader, *WITHOUT_MASKS)}
)
"""Name used in a profile (data.source) -> reader class."""

__all__ = [
    "READERS",
    "WITHOUT_MASKS",
    "WITH_MASKS",
    "CelebAMaskReader",
    "CfdReader",
    "CkPlusReader",
    "FaceSyntheticsReader",
    "FairFaceReader",
    "FassegReader",
    "HelenReader",
    "IBugMaskReader",
    "JaffeReader",
    "LapaReader",
    "Mut1nyReader",
    "PhotosReader",
    "RafdReader",
    "Reader",
    "RenderedReader",
    "UtkfaceReader",
    "open_reader",
    "open_source",
]


def open_source(settings: DataSettings, root: Path | str) -> Reader:
    """Open the data set that a profile reads, with the profile's palette where label colours follow a choice of tables.

    Raises
    ------
    InputError
        for a folder that does not exist or does not hold this data set; if it holds another one, that is named
    """
    options = {"palette": settings.palette} if issubclass(READERS[settings.source], Mut1nyReader) else {}
    try:
        return open_reader(settings.source, root, **options)
    except InputError as error:
        other = _recognise(Path(root))
        if other in ("", settings.source):
            raise
        do = f"name another folder, or choose a profile that reads this one, such as PROFILE={other}"
        found = f"{error.found}: the layout of {other}"
        raise InputError(error.subject, found=found, expected=error.expected, do=do) from error


def _recognise(root: Path) -> str:
    """Name of the set with masks whose layout a folder has, as far as names of files tell; "" if none."""
    telling = [reader for reader in WITH_MASKS if "holds" in vars(reader)]
    return next((reader.name for reader in telling if root.is_dir() and reader.holds(root)), "")


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
