"""All readers together: for lists of them, and to say which data set a folder holds."""

from __future__ import annotations

from pathlib import Path

from facefair_lib.data.readers.base import Reader
from facefair_lib.data.readers.masked.celebamask import CelebAMaskReader
from facefair_lib.data.readers.masked.fasseg import FassegReader
from facefair_lib.data.readers.masked.mut1ny import Mut1nyReader, RenderedReader
from facefair_lib.data.readers.masked.numbered import FaceSyntheticsReader, HelenReader, IBugMaskReader, LapaReader
from facefair_lib.data.readers.unmasked.cfd import CfdReader
from facefair_lib.data.readers.unmasked.ckplus import CkPlusReader
from facefair_lib.data.readers.unmasked.fairface import FairFaceReader
from facefair_lib.data.readers.unmasked.jaffe import JaffeReader
from facefair_lib.data.readers.unmasked.rafd import RafdReader
from facefair_lib.data.readers.unmasked.utkface import UtkfaceReader

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


def recognise(root: Path) -> str:
    """Name of the set with masks whose layout a folder has, as far as names of files tell; "" if none."""
    telling = [reader for reader in WITH_MASKS if reader.holds.__func__ is not Reader.holds.__func__]
    return next((reader.name for reader in telling if root.is_dir() and reader.holds(root)), "")
