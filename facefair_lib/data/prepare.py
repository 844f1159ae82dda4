"""The whole preparation in one call, from a reader to packed arrays.

The notebook on data preparation calls the same steps one by one; the command line and the tests call ``prepare``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from facefair_lib.data.arrays import pack
from facefair_lib.data.audit import class_shares, colour_table, flow_table, without_face
from facefair_lib.data.deduplicate import HASH_DISTANCE, PIXEL_DISTANCE, Duplicates, find_duplicates
from facefair_lib.data.parallel import Progress
from facefair_lib.data.readers.base import Reader, first_names
from facefair_lib.data.split import PROPORTIONS, split_by_subject
from facefair_lib.data.subsample import subsample


@dataclass(frozen=True)
class Prepared:
    """Everything the preparation found out and made; see the functions named for the columns.

    Attributes
    ----------
    manifest : one row per image read (``Reader.read``)
    duplicates : ``find_duplicates``
    drawn : the subsample (``subsample``)
    faceless : image_id of drawn masks that show no face (``without_face``)
    prepared : the other drawn rows with split and row
    images, labels : memory maps (``pack``)
    flow, shares, colours : ``flow_table``, ``class_shares``, ``colour_table``
    """

    manifest: pd.DataFrame
    duplicates: Duplicates
    drawn: pd.DataFrame
    faceless: list[str]
    prepared: pd.DataFrame
    images: np.ndarray
    labels: np.ndarray
    flow: pd.DataFrame
    shares: pd.DataFrame
    colours: pd.DataFrame


def prepare(
    reader: Reader,
    folder: Path,
    size: int,
    *,
    near: bool = True,
    hash_distance: int = HASH_DISTANCE,
    pixel_distance: float = PIXEL_DISTANCE,
    real: int | None = None,
    multi: int | None = 50,
    per_folder: int | None = 10,
    proportions: Mapping[str, float] = PROPORTIONS,
    by: Sequence[str] = ("category",),
    fit: str | None = None,
    expected_classes: Sequence[str] | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Prepared:
    """Read, remove duplicates, subsample, leave out masks without a face, split by person, pack and count.

    Parameters are those of the single steps. Only ``folder``'s two arrays are written.
    """
    manifest = reader.read(progress)
    duplicates = find_duplicates(manifest, reader.root, hash_distance, pixel_distance, near, progress)
    drawn = subsample(duplicates.kept, real, multi, per_folder, seed)
    faceless = without_face(drawn, reader, progress)
    divided = split_by_subject(drawn[~drawn["image_id"].isin(faceless)], proportions, seed, by)
    packed = pack(divided, reader, folder, size, fit, expected_classes, progress)
    return Prepared(
        manifest=manifest,
        duplicates=duplicates,
        drawn=drawn,
        faceless=faceless,
        prepared=packed.prepared,
        images=packed.images,
        labels=packed.labels,
        flow=flow(manifest, duplicates, drawn, faceless, packed.prepared),
        shares=class_shares(packed.prepared, packed.labels),
        colours=colour_table(),
    )


def flow(
    manifest: pd.DataFrame,
    duplicates: Duplicates,
    drawn: pd.DataFrame,
    faceless: Sequence[str],
    prepared: pd.DataFrame,
) -> pd.DataFrame:
    """Lay out the steps of the preparation for ``flow_table``; masks without a face only where there are any."""
    steps = [
        ("read", manifest, "pictures with their labels"),
        ("exact duplicates removed", duplicates.after_exact, "equal pixels, in any folder"),
        ("near-duplicates removed", duplicates.kept, "within one category"),
        ("subsample", drawn, "drawn by seed and name"),
    ]
    if len(faceless):
        kept = drawn[~drawn["image_id"].isin(faceless)]
        steps.append(("no face in the mask", kept, f"left out: {first_names(list(faceless))}"))
    return flow_table(steps, prepared)
