"""The experiment's picture tables: nine people, groups in rows, emotions in columns (Tables II, III and IV)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from facefair_lib.errors import InputError
from facefair_lib.figures import style
from facefair_lib.figures.pictures import Picture, check_pairs, check_pictures, iou_caption, overlay, picture_rows
from facefair_lib.scores import titles

_GROUPS, _EMOTIONS = tuple(titles.GROUP_TITLES), tuple(titles.EMOTION_TITLES)


def experiment_grid(
    images: np.ndarray,
    people: pd.DataFrame,
    masks: np.ndarray | None = None,
    *,
    title: str = "",
    captions: Sequence[str] = (),
    scores: str | None = None,
    palette: str = "paper",
    opacity: float = 0.55,
) -> Figure:
    """Tables II to IV: the nine people, or what a model made of them.

    Parameters
    ----------
    images : (9, H, W, 3) uint8, in the order of ``people``
    people : columns group and emotion, every combination once; gender and age become captions where they are known
    masks : (9, H, W) uint8 predicted class indices; each place then shows the mask and its overlay on the image
    captions : one per person instead of gender and age
    scores : the column of ``people`` that holds the image IoU of ``masks``; NaN where a person has no true mask
    opacity : of the mask's colours in the overlay

    Raises
    ------
    InputError
        if a combination of group and emotion is missing or doubled, or the arrays do not fit the table
    """
    places = _places(people)
    if masks is None:
        check_pictures(images, "image", "experiment images")
    else:
        check_pairs(images, masks, "experiment images")
    for count, what in ((len(images), "images"), (len(captions) or len(people), "captions")):
        if count != len(people):
            raise InputError(
                "experiment images",
                found=f"{count} {what} for {len(people)} people",
                expected="one per person, in the order of the table",
                do="take both from the same rows",
            )
    texts = list(captions) or _captions(people, scores, with_person=masks is None)
    rows = []
    for group in _GROUPS:
        row: list[Picture] = []
        for emotion in _EMOTIONS:
            i = places[group, emotion]
            if masks is None:
                row.append(Picture(images[i], caption=texts[i]))
            else:
                row.append(Picture(masks[i], "mask", texts[i]))
                row.append(Picture(overlay(images[i], masks[i], opacity, palette)))
        rows.append(row)
    wide = masks is not None
    heads = [
        text for emotion in titles.EMOTION_TITLES.values() for text in ([emotion, "Overlay"] if wide else [emotion])
    ]
    figure = picture_rows(
        rows,
        column_titles=heads,
        row_titles=tuple(titles.GROUP_TITLES.values()),
        title=title,
        width=style.PAGE_WIDTH if wide else style.COLUMN_WIDTH,
        palette=palette,
    )
    shown = "predicted masks and overlays" if wide else "images"
    return style.describe(
        figure, f"{title or 'The experiment'}: {shown} of nine people, three groups by three emotions."
    )


def _places(people: pd.DataFrame) -> dict[tuple[str, str], int]:
    """(group, emotion) -> row number."""
    style.require_columns(people, ("group", "emotion"), "people of the experiment")
    found = list(zip(people["group"], people["emotion"], strict=True))
    wanted = [(group, emotion) for group in _GROUPS for emotion in _EMOTIONS]
    if sorted(found) != sorted(wanted):
        wrong = sorted(
            {f"{g} {e}" for g, e in set(found) ^ set(wanted)}
            | {f"{g} {e}" for g, e in found if found.count((g, e)) > 1}
        )
        raise InputError(
            "people of the experiment",
            found=f"{len(found)} rows; missing, unknown or doubled: {', '.join(wrong)}",
            expected=f"each of {', '.join(_GROUPS)} with each of {', '.join(_EMOTIONS)} once",
            do="select the nine people whose role is 'shown'",
        )
    return {pair: row for row, pair in enumerate(found)}


def _captions(people: pd.DataFrame, scores: str | None, *, with_person: bool) -> list[str]:
    if scores is not None:
        style.require_columns(people, (scores,), "people of the experiment")
        return [iou_caption(value) for value in people[scores]]
    if not with_person:
        return [""] * len(people)
    known = [column for column in ("gender", "age") if column in people.columns]
    texts = people[known].map(
        lambda value: "" if pd.isna(value) else f"{value:.0f}" if isinstance(value, float) else str(value)
    )
    return [", ".join(filter(None, row)) for row in texts.itertuples(index=False)]
