"""Many photographs in, files out: masks, overlays and tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from PIL import Image

from facefair_lib.errors import InputError
from facefair_lib.figures import mask_legend, save
from facefair_lib.figures.style import describe, look, new_figure
from facefair_lib.labels import IGNORE_INDEX, PALETTES
from facefair_lib.parsing.parser import SMALLEST_FACE, Parsed, Parser
from facefair_lib.parsing.photos import read_photo
from facefair_lib.results import replacing, write_csv

HEAD_COLUMNS = ("photo", "head", "top", "left", "bottom", "right", "score")
"""Columns of ``heads.csv``: the face's rectangle in pixels, and how certain the network is of eyes, nose and mouth."""


@dataclass(frozen=True)
class ParsedFiles:
    """What came of many photographs.

    Attributes
    ----------
    areas : a row per photograph and class, as ``areas.csv``
    heads : a row per head, as ``heads.csv``
    without_head : photographs in which no head was found
    failures : what was wrong with the photographs that could not be parsed
    """

    areas: pd.DataFrame
    heads: pd.DataFrame
    without_head: tuple[Path, ...]
    failures: tuple[InputError, ...]


def parse_files(
    photos: Sequence[Path],
    parser: Parser,
    out: Path,
    *,
    faces: str = "many",
    smallest: float = SMALLEST_FACE,
    palette: str = "display",
    advance: Callable[[], None] | None = None,
) -> ParsedFiles:
    """Parse photographs one after the other; one that cannot be read does not lose the others.

    Writes for each photograph ``<name>_mask.png`` (its values are class indices; opened in a viewer it shows the
    palette's colours) and ``<name>_overlay.png``; ``areas.csv`` and ``heads.csv`` for all; and the colours' legend.

    Parameters
    ----------
    photos : what ``find_photos`` lists
    out : folder, made where it is missing
    faces, smallest : see ``Parser.parse``
    palette : a name in ``labels.PALETTES``
    advance : called after each photograph

    Raises
    ------
    InputError
        if an option is unknown, or ``out`` is a file; a bad photograph is reported in ``failures`` instead
    """
    _check_output(out, palette)
    areas: list[pd.DataFrame] = []
    heads: list[dict[str, object]] = []
    without_head: list[Path] = []
    failures: list[InputError] = []
    for photo, name in zip(photos, _output_names(photos), strict=True):
        try:
            image = read_photo(photo)
        except InputError as error:
            failures.append(error)
        else:
            parsed = parser.parse(image, faces, smallest)
            _write_pictures(parsed, out, name, palette)
            areas.append(parsed.areas().assign(photo=str(photo)))
            heads += _head_rows(photo, parsed)
            if faces == "many" and not parsed.heads:
                without_head.append(photo)
        if advance:
            advance()
    tables = _tables(areas, heads)
    if areas:
        for stem, table in zip(("areas", "heads"), tables, strict=True):
            write_csv(out / f"{stem}.csv", table)
        save(_legend(palette), out, "legend")
    return ParsedFiles(*tables, tuple(without_head), tuple(failures))


def _check_output(out: Path, palette: str) -> None:
    if palette not in PALETTES:
        raise InputError(
            "palette", found=repr(palette), expected=f"one of {', '.join(PALETTES)}", do="choose one of these"
        )
    if out.exists() and not out.is_dir():
        raise InputError(out, found="a file", expected="a folder to write into", do="give another --out")


def _output_names(photos: Sequence[Path]) -> list[str]:
    """Give each photograph a name of its own: its stem, with more of its path where another has the same."""
    names = [photo.stem for photo in photos]
    for more in (
        lambda path: path.name,
        lambda path: "_".join(path.parts[-2:]),
        lambda path: "_".join(path.parts[-3:]),
    ):
        twice = {name for name in names if names.count(name) > 1}
        names = [more(photo) if name in twice else name for name, photo in zip(names, photos, strict=True)]
    counted: list[str] = []
    for name in names:  # still the same: folders of one name in different places
        counted.append(name if name not in counted else f"{name}_{len(counted) + 1}")
    return counted


def _write_pictures(parsed: Parsed, out: Path, name: str, palette: str) -> None:
    with replacing(out / f"{name}_mask.png") as temporary:
        write_mask(temporary, parsed.mask, palette)
    with replacing(out / f"{name}_overlay.png") as temporary:
        Image.fromarray(parsed.overlay(palette=palette)).save(temporary)


def write_mask(path: Path, mask: np.ndarray, palette: str = "display") -> None:
    """Write a mask (H, W) uint8 as an indexed PNG: its values are the class indices, its colours the palette's."""
    colours = np.zeros((256, 3), np.uint8)
    colours[: len(PALETTES[palette])] = PALETTES[palette]
    colours[IGNORE_INDEX] = (120, 0, 160)
    picture = Image.fromarray(mask)
    picture.putpalette(colours.tobytes())
    picture.save(path)


def _head_rows(photo: Path, parsed: Parsed) -> list[dict[str, object]]:
    return [
        {
            "photo": str(photo),
            "head": number,
            **{side: round(getattr(head.face, side)) for side in ("top", "left", "bottom", "right")},
            "score": head.score,
        }
        for number, head in enumerate(parsed.heads, start=1)
    ]


def _tables(areas: list[pd.DataFrame], heads: list[dict[str, object]]) -> tuple[pd.DataFrame, pd.DataFrame]:
    joined = pd.concat(areas, ignore_index=True) if areas else pd.DataFrame(columns=["photo"])
    ordered = joined[["photo", *(column for column in joined.columns if column != "photo")]]
    return ordered, pd.DataFrame(heads, columns=list(HEAD_COLUMNS))


def _legend(palette: str) -> Figure:
    with look():
        figure = new_figure(3.5, 1.0, constrained=False)
        mask_legend(figure, palette, ncols=3, loc="center")
    return describe(figure, "The colours of the classes in masks and overlays.")
