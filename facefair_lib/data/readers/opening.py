"""Opening a data set by the name that a profile gives it. Only the reader that is asked for is imported."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from facefair_lib.data.readers.base import Reader
from facefair_lib.errors import InputError
from facefair_lib.settings.profiles import DataSettings

_HOMES = {
    "mut1ny": "facefair_lib.data.readers.masked.mut1ny",
    "rendered": "facefair_lib.data.readers.masked.mut1ny",
    "fasseg": "facefair_lib.data.readers.masked.fasseg",
    "celebamask": "facefair_lib.data.readers.masked.celebamask",
    "lapa": "facefair_lib.data.readers.masked.numbered",
    "helen": "facefair_lib.data.readers.masked.numbered",
    "ibugmask": "facefair_lib.data.readers.masked.numbered",
    "facesynthetics": "facefair_lib.data.readers.masked.numbered",
    "photos": "facefair_lib.data.readers.unmasked.photos",
    "jaffe": "facefair_lib.data.readers.unmasked.named",
    "ckplus": "facefair_lib.data.readers.unmasked.ckplus",
    "rafd": "facefair_lib.data.readers.unmasked.named",
    "cfd": "facefair_lib.data.readers.unmasked.named",
    "fairface": "facefair_lib.data.readers.unmasked.fairface",
    "utkface": "facefair_lib.data.readers.unmasked.named",
}
"""Name used in a profile (data.source) -> module of its reader. A stage's digest follows it to one reader."""


class _Readers(Mapping[str, type[Reader]]):
    """Reader classes by name."""

    def __getitem__(self, name: str) -> type[Reader]:
        found = vars(import_module(_HOMES[name])).values()
        return next(entry for entry in found if isinstance(entry, type) and vars(entry).get("name") == name)

    def __iter__(self) -> Iterator[str]:
        return iter(_HOMES)

    def __len__(self) -> int:
        return len(_HOMES)


READERS = _Readers()
"""Name used in a profile (data.source) -> reader class."""


def open_source(settings: DataSettings, root: Path | str) -> Reader:
    """Open the data set that a profile reads, with the profile's palette where several colour tables are in use.

    Raises
    ------
    InputError
        for a folder that does not exist or does not hold this data set; if it holds another one, that is named
    """
    options = {"palette": settings.palette} if settings.source in ("mut1ny", "rendered") else {}
    try:
        return open_reader(settings.source, root, **options)
    except InputError as error:
        # The other readers are imported only now, and by name, because no result depends on them.
        other = import_module("facefair_lib.data.readers.known").recognise(Path(root))
        if other in ("", settings.source):
            raise
        do = f"give another folder, or choose a profile that reads this one, such as PROFILE={other}"
        found = f"{error.found}: the layout of {other}"
        raise InputError(error.subject, found=found, expected=error.expected, do=do) from error


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
        for an unknown name or option, or a folder that does not exist or does not hold this data set
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
