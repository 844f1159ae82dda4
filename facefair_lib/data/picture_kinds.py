"""Kinds of picture files: which can be read, and what is reported of the others."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from facefair_lib.errors import InputError

# Pillow recognises these by their first bytes, but cannot decode them (or calls another program: Ghostscript).
_NOT_DECODED = frozenset({"BUFR", "EPS", "GRIB", "HDF5", "IPTC", "MPEG", "WMF"})

# Phones; raw files of cameras; newer formats; drawing programs.
_PICTURES = """
heic heics heif heifs hif avci
3fr ari arw bay cap cr2 cr3 crw cs1 dcr dng eip erf fff gpr iiq k25 kdc mdc mef mos mrw nef nrw orf ori pef ptx pxn raf
raw rw2 rwl rwz sr2 srf srw x3f
bpg flif hdp insp jng jxl jxr jxs mng wdp
afphoto ai cdr clip emf eps exr hdr kra ora procreate ps psb svg svgz wmf xcf
"""
_VIDEOS = "3g2 3gp asf avi braw f4v flv insv lrv m2ts m4v mkv mov mp4 mpe mpeg mpg mts mxf ogv qt r3d vob webm wmv"

_HEIF_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


@cache
def readable_endings() -> frozenset[str]:
    """Endings (lower case, with the dot) of the pictures that can be read."""
    Image.init()
    kinds = Image.registered_extensions().items()
    return frozenset(ending for ending, kind in kinds if kind in Image.OPEN and kind not in _NOT_DECODED)


def unreadable_kind(path: Path) -> str:
    """Kind of a picture or video that cannot be read, by its ending, such as HEIC; "" for any other file."""
    ending = path.suffix.lower()
    known = ending not in readable_endings() and ending[1:] in f"{_PICTURES} {_VIDEOS}".split()
    return ending[1:].upper() if known else ""


def left_out_text(kinds: Mapping[str, int]) -> str:
    """Say how many files of which kinds were left out, and what to do: ``3 HEIC left out: export as JPEG``."""
    sentences = []
    for advice, endings in (("export as JPEG", _PICTURES), ("videos are not read", _VIDEOS)):
        counts = [f"{count} {kind}" for kind, count in sorted(kinds.items()) if kind.lower() in endings.split()]
        if counts:
            sentences.append(f"{', '.join(counts)} left out: {advice}")
    return "; ".join(sentences)


def unreadable(path: Path, error: Exception) -> InputError:
    """Say what is wrong with a file that Pillow could not read."""
    if isinstance(error, UnidentifiedImageError):
        kind = "HEIC" if _is_heif(path) else unreadable_kind(path)
        if kind:
            return InputError(
                path,
                found=f"a {kind} file, a format that cannot be read",
                expected="JPEG, PNG, TIFF, WebP, AVIF or another format that Pillow reads",
                do="export it as JPEG",
            )
        reason = "cannot identify image file"
    elif isinstance(error, OSError) and error.strerror:
        return InputError(
            path, found=f"a file that cannot be opened: {error.strerror}", expected="a picture",
            do="check its permissions, and that its disk is connected",
        )  # fmt: skip
    else:
        reason = str(error) if isinstance(error, OSError | SyntaxError | ValueError) else ""
        reason = reason or f"{type(error).__name__}: {error}"
    return InputError(
        path,
        found=f"an unreadable or truncated picture ({reason})",
        expected="a complete picture file",
        do="copy or download the file again",
    )


def _is_heif(path: Path) -> bool:
    """Whether a file is HEIF by its first bytes: phones and messaging apps also name such files .jpg."""
    with path.open("rb") as file:
        head = file.read(12)
    return head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS
