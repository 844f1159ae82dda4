"""Parses many photographs and writes masks, overlays and tables."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from PIL import Image

from facefair_lib.errors import InputError
from facefair_lib.figures.style import describe, look, mask_legend, new_figure, save
from facefair_lib.parse.own_files import LEGEND_TEXT, MASK, OVERLAY, failure, in_the_way, write_png
from facefair_lib.parse.parser import SMALLEST_FACE, Parsed, Parser, check_options
from facefair_lib.parse.photos import read_photo
from facefair_lib.settings.labels import IGNORE_INDEX, PALETTES
from facefair_lib.settings.path_text import output_stem, path_text, same_output
from facefair_lib.store.processes import COPIES, available_cores, spread
from facefair_lib.store.results import replacing, write_csv
from facefair_lib.training.device import use_cores

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AREA_COLUMNS = ("photo", "class", "pixels", "share", "share_of_heads", "confidence")
"""Columns of ``areas.csv``, see ``Parsed.areas``."""

HEAD_COLUMNS = ("photo", "head", "top", "left", "bottom", "right", "score")
"""Columns of ``heads.csv``: the face's rectangle in pixels, and the detector's score, 0 to 1."""

_WORTH_PROCESSES = 10 if COPIES else 100  # photographs from which several processes are faster, start-up included


@dataclass(frozen=True)
class Wanted:
    """How photographs are parsed and written.

    Attributes
    ----------
    faces, smallest : see ``Parser.parse``
    palette : colours of masks and overlays, a name in ``labels.PALETTES``
    """

    faces: str = "many"
    smallest: float = SMALLEST_FACE
    palette: str = "display"


@dataclass(frozen=True)
class ParsedFiles:
    """Results of many photographs.

    Attributes
    ----------
    areas : a row per photograph and class, as in ``areas.csv``
    heads : a row per head, as in ``heads.csv``
    without_head : photographs in which no head was found
    failures : errors of the photographs that could not be parsed
    unwritten : errors of the tables and the legend that could not be written
    """

    areas: pd.DataFrame
    heads: pd.DataFrame
    without_head: tuple[Path, ...]
    failures: tuple[InputError, ...]
    unwritten: tuple[InputError, ...] = ()


def parse_files(
    photos: Sequence[Path],
    parser: Parser,
    out: Path,
    wanted: Wanted = Wanted(),
    *,
    processes: int = 1,
    advance: Callable[[], None] | None = None,
) -> ParsedFiles:
    """Parse photographs; whatever goes wrong with one of them, the others are parsed.

    Writes for each photograph ``<name>_mask.png`` (its values are class indices; a viewer shows it in the palette's
    colours) and ``<name>_overlay.png``; ``areas.csv`` and ``heads.csv`` for all; and a legend of the colours. Results
    of an earlier run are overwritten, other files never. The tables are written even if the work is interrupted.

    Parameters
    ----------
    photos : as ``search_photos`` lists them
    out : folder, created if missing
    processes : how many photographs are parsed at a time, each with one thread
    advance : called after each photograph

    Raises
    ------
    InputError
        if an option is unknown, ``out`` cannot be written into, or a file that was not written here has the name of a
        table; a bad photograph is reported in ``failures`` instead
    """
    _check_output(out, wanted.palette)
    check_options(wanted.faces, wanted.smallest)
    jobs = [
        (place, photo, out / name)
        for place, (photo, name) in enumerate(zip(photos, _output_names(photos), strict=True))
    ]
    parsed: dict[int, _Result] = {}
    unwritten: list[InputError] = []
    try:
        copies = not torch.cuda.is_available()  # a GPU's state cannot be copied
        for place, result in spread(_parse_one, jobs, processes, (parser, wanted), copies=copies):
            parsed[place] = result
            if advance:
                advance()
    finally:
        results = [parsed[place] for place in sorted(parsed)]
        done = [result for result in results if not isinstance(result, InputError)]
        tables = _tables([areas for areas, _ in done], [row for _, rows in done for row in rows])
        if done:
            unwritten += _write_tables(tables, out, wanted.palette)
    without_head = [
        photos[place] for place, result in sorted(parsed.items())
        if wanted.faces == "many" and not isinstance(result, InputError) and not result[1]
    ]  # fmt: skip
    failures = [result for result in results if isinstance(result, InputError)]
    return ParsedFiles(*tables, tuple(without_head), tuple(failures), tuple(unwritten))


def usual_processes(photos: int) -> int:
    """Number of processes that parses so many photographs fastest: one per core, or one if start-up takes longer."""
    return 1 if photos < _WORTH_PROCESSES or torch.cuda.is_available() else available_cores()


_Result = tuple[pd.DataFrame, list[dict[str, object]]] | InputError
"""A photograph's rows of ``areas.csv`` and ``heads.csv``, or what was wrong with it."""


def _parse_one(parser: Parser, wanted: Wanted, place: int, photo: Path, target: Path) -> tuple[int, _Result]:
    use_cores(1)  # on a shared machine, the threads of a small network wait for each other at every layer
    try:
        parsed = _parse_and_write(parser, wanted, photo, target)
        return place, (parsed.areas().assign(photo=path_text(photo)), _head_rows(photo, parsed))
    except Exception as error:  # disks and memory fill up, decoders and networks fail in their own ways
        return place, failure(photo, error)


def _parse_and_write(parser: Parser, wanted: Wanted, photo: Path, target: Path) -> Parsed:
    """Read a photograph, parse it, and write ``<target>_mask.png`` and ``<target>_overlay.png``."""
    mask, overlay = (target.with_name(target.name + ending) for ending in (MASK, OVERLAY))
    strangers = in_the_way((mask, overlay))
    if strangers:
        raise InputError(
            photo,
            found=f"{', '.join(strangers)}, which facefair has not written, or which was changed since",
            expected="a folder where that name is free",
            do="give another --out, or move that file",
        )
    parsed = parser.parse(read_photo(photo), wanted.faces, wanted.smallest)
    with replacing(mask) as temporary:
        write_mask(temporary, parsed.mask, wanted.palette)
    with replacing(overlay) as temporary:
        pixels = parsed.overlay(palette=wanted.palette)
        write_png(temporary, Image.fromarray(pixels), pixels)
    return parsed


def _check_output(out: Path, palette: str) -> None:
    if palette not in PALETTES:
        raise InputError(
            "palette", found=repr(palette), expected=f"one of {', '.join(PALETTES)}", do="choose one of these"
        )
    above = next(path for path in (out, *out.absolute().parents) if os.path.lexists(path))
    if not os.path.isdir(above):  # noqa: PTH112 - Path.is_dir raises where a name is too long
        raise InputError(above, found="a file", expected="a folder to write into", do="give another --out")
    if not os.access(above, os.W_OK | os.X_OK):
        raise InputError(
            above, found="a folder that you may not write to", expected="a folder to write into",
            do="give another --out",
        )  # fmt: skip
    strangers = in_the_way(
        [out / name for name in ("areas.csv", "heads.csv", "legend.png", "legend.pdf")], (AREA_COLUMNS, HEAD_COLUMNS)
    )
    if strangers:
        raise InputError(
            out,
            found=f"{', '.join(strangers)}, which facefair has not written",
            expected="a folder where these names are free, or results of an earlier run",
            do="give another --out, or move that file",
        )


def _output_names(photos: Sequence[Path]) -> list[str]:
    """Give each photograph a unique name: its stem, with more of its path where another has the same.

    Names that any file system takes for one count as the same.
    """
    names = [photo.stem for photo in photos]
    for more in (lambda path: path.name, lambda path: _last_parts(path, 2), lambda path: _last_parts(path, 3)):
        keys = [same_output(path_text(name)) for name in names]
        times = Counter(keys)
        names = [more(photo) if times[key] > 1 else name for key, name, photo in zip(keys, names, photos, strict=True)]
    counted: dict[str, str] = {}
    last: Counter[str] = Counter()
    for name in names:  # still the same if folders in different places share a name
        own = output_stem(name, MASK, OVERLAY)
        while same_output(own) in counted:
            last[name] += 1
            own = output_stem(f"{name}_{last[name] + 1}", MASK, OVERLAY)
        counted[same_output(own)] = own
    return list(counted.values())


def _last_parts(path: Path, count: int) -> str:
    return "_".join(path.parts[bool(path.anchor) :][-count:])  # not the root: "/" would lead out of the folder


def write_mask(path: Path, mask: np.ndarray, palette: str = "display") -> None:
    """Write a mask (H, W) uint8 as an indexed PNG: its values are the class indices, its colours the palette's."""
    colours = np.zeros((256, 3), np.uint8)
    colours[: len(PALETTES[palette])] = PALETTES[palette]
    colours[IGNORE_INDEX] = (120, 0, 160)
    picture = Image.fromarray(mask)
    picture.putpalette(colours.tobytes())
    write_png(path, picture, mask)


def _head_rows(photo: Path, parsed: Parsed) -> list[dict[str, object]]:
    return [
        {
            "photo": path_text(photo),
            "head": number,
            **{side: round(getattr(head.face, side)) for side in ("top", "left", "bottom", "right")},
            "score": head.score,
        }
        for number, head in enumerate(parsed.heads, start=1)
    ]


def _tables(areas: list[pd.DataFrame], heads: list[dict[str, object]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    joined = pd.concat(areas, ignore_index=True) if areas else pd.DataFrame(columns=list(AREA_COLUMNS))
    return joined[list(AREA_COLUMNS)], pd.DataFrame(heads, columns=list(HEAD_COLUMNS))


def _write_tables(tables: tuple[pd.DataFrame, pd.DataFrame], out: Path, palette: str) -> list[InputError]:
    """Write tables and legend, each even if another failed, and list what could not be written."""
    areas, heads = tables
    writers: dict[str, Callable[[], Path]] = {
        "areas.csv": lambda: write_csv(out / "areas.csv", areas),
        "heads.csv": lambda: write_csv(out / "heads.csv", heads),
        "legend": lambda: save(_legend(palette), out, "legend"),
    }
    unwritten = []
    for name, write in writers.items():
        try:
            write()
        except OSError as error:
            reason = InputError(
                out / name, found=f"not written: {error.strerror}", expected="free space and permission to write",
                do="free some space, or give another --out, and parse again",
            )  # fmt: skip
            unwritten.append(reason)
    return unwritten


def _legend(palette: str) -> Figure:
    with look():
        figure = new_figure(3.5, 1.0, constrained=False)
        mask_legend(figure, palette, ncols=3, loc="center")
    return describe(figure, LEGEND_TEXT)
