"""The people of notebook 05: rendered ones, whose masks are known, or a user's own photographs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facefair_lib.data.grid import UNKNOWN, missing_cells
from facefair_lib.data.images import fit_pair
from facefair_lib.data.pictures import Pictures
from facefair_lib.data.readers.unmasked.photos import PhotosReader
from facefair_lib.settings.labels import EMOTIONS, GROUPS, IGNORE_INDEX, shows_face
from facefair_lib.store.results import Stage

COLUMNS = [
    "image_id", "subject_id", "matched_set", "group", "emotion", "gender", "age", "skin_tone", "yaw", "light", "role",
]  # fmt: skip


@dataclass(frozen=True)
class People(Pictures):
    """The experiment's pictures; the table has at least the columns of ``COLUMNS``.

    Attributes
    ----------
    faceless : image_id of those whose mask shows no face at all, which counts as no mask
    """

    faceless: tuple[str, ...] = ()

    @property
    def shown(self) -> People:
        """One picture of each group and emotion, for Table II; empty if a cell of that grid is empty."""
        return self.take(self.table["role"] == "shown")

    @property
    def scored(self) -> People:
        """The pictures that have a mask and are not shown, so that scores come from people nobody has picked."""
        masked = (self.labels != IGNORE_INDEX).any((1, 2))
        return self.take(masked & (self.table["role"] != "shown"))


def rendered_people(stage: Stage) -> People:
    """The people rendered by the stage ``experiment``."""
    return People(stage.table("people")[COLUMNS], *stage.arrays())


def own_photographs(table: Path, size: int, progress: Callable[[int, int], None] | None = None) -> People:
    """A user's photographs: the first by name in each cell of the grid is shown, all others with a mask are scored.

    If a cell is empty, there is no grid to show, and all that have a mask are scored.

    Parameters
    ----------
    table : CSV with the columns image, subject and optionally group, emotion and mask
    size : side in pixels of the squares that the photographs are padded to; nothing is stretched
    progress : called with (photographs done, photographs in all)
    """
    reader = PhotosReader(table.parent, table=table.name)
    manifest = reader.read()
    pairs, faceless = [], []
    for done, row in enumerate(manifest.to_dict("records"), 1):
        image, mask = reader.pair(row)
        if row["label_path"] and not shows_face(mask):
            faceless.append(row["image_id"])
            mask = np.full_like(mask, IGNORE_INDEX)
        pairs.append(fit_pair(image, mask, size, "pad"))
        if progress:
            progress(done, len(manifest))
    first = ~manifest.duplicated(["group", "emotion"])
    shown = first & manifest["group"].isin(GROUPS) & manifest["emotion"].isin(EMOTIONS) & (not missing_cells(manifest))
    known = {column: manifest[column].replace("", UNKNOWN) for column in ("group", "emotion")}
    people = manifest.assign(matched_set=manifest["subject_id"], role=np.where(shown, "shown", "scored"), **known)
    return People(people[COLUMNS], *(np.stack(side) for side in zip(*pairs, strict=True)), tuple(faceless))
