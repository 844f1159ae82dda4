"""Count what the data contain: images and people at every step, pixels per class, label colours."""

from __future__ import annotations

import numpy as np
import pandas as pd

from facefair_lib.data.deduplicate import Duplicates
from facefair_lib.data.readers.base import Reader, first_names
from facefair_lib.data.split import SPLITS
from facefair_lib.settings.labels import CLASSES, NUM_CLASSES, PALETTES, SCORED_CLASSES, shows_face
from facefair_lib.store.parallel import map_ordered
from facefair_lib.store.progress import Advance


def flow_table(
    manifest: pd.DataFrame, duplicates: Duplicates, drawn: pd.DataFrame, prepared: pd.DataFrame
) -> pd.DataFrame:
    """Follow the images from the first reading to the splits.

    Parameters
    ----------
    manifest : one row per image read
    duplicates : as ``find_duplicates`` returns them
    drawn : the subsample
    prepared : the drawn rows whose masks show a face, with the column split

    Returns
    -------
    DataFrame with step, images, people, removed (images lost since the step before; 0 for splits), note
    """
    steps = [
        ("read", manifest, "pictures with their labels"),
        ("exact duplicates removed", duplicates.after_exact, "equal pixels, in any folder"),
        ("near-duplicates removed", duplicates.kept, "within one category"),
        ("subsample", drawn, "drawn by seed and name"),
    ]
    faceless = drawn.loc[~drawn["image_id"].isin(prepared["image_id"]), "image_id"].tolist()
    if faceless:
        steps.append(("no face in the mask", prepared, f"left out: {first_names(faceless)}"))
    rows, before = [], len(manifest)
    for step, left, note in steps:
        rows.append((step, len(left), left["subject_id"].nunique(), before - len(left), note))
        before = len(left)
    for split in SPLITS:
        part = prepared[prepared["split"] == split]
        note = f"{len(part) / len(prepared):.1%} of the images"
        rows.append((split, len(part), part["subject_id"].nunique(), 0, note))
    return pd.DataFrame(rows, columns=["step", "images", "people", "removed", "note"])


def without_face(manifest: pd.DataFrame, reader: Reader, progress: Advance | None = None) -> list[str]:
    """List the image_id of every mask that shows no face at all; each mask is read once, at its own size."""
    masked = manifest[manifest["label_path"] != ""]
    lacks = map_ordered(lambda row: not shows_face(reader.decode(row)), masked.to_dict("records"), progress)
    return masked.loc[lacks, "image_id"].tolist()


def class_shares(prepared: pd.DataFrame, labels: np.ndarray) -> pd.DataFrame:
    """Count the pixels of each class in each split.

    Parameters
    ----------
    prepared : N rows with the columns row and split
    labels : (N, S, S) uint8 class indices, 255 = ignore

    Returns
    -------
    DataFrame with split, class, pixels, share (of the split's labelled pixels: ignored ones do not count; NaN if there
    are none) and images (how many show the class), in the order of ``SPLITS`` and of the classes
    """
    counts = np.stack([np.bincount(labels[row].ravel(), minlength=256)[:NUM_CLASSES] for row in prepared["row"]])
    rows = []
    for split in SPLITS:
        part = counts[(prepared["split"] == split).to_numpy()]  # (n, C)
        pixels = part.sum(0)  # (C,)
        total = pixels.sum()
        for face_class in CLASSES:
            held = int(pixels[face_class.index])
            share = held / total if total else float("nan")
            rows.append((split, face_class.name, held, share, int((part[:, face_class.index] > 0).sum())))
    return pd.DataFrame(rows, columns=["split", "class", "pixels", "share", "images"])


def colour_table(palette: str = "paper") -> pd.DataFrame:
    """List class, title, red, green and blue (0 to 255) of one palette in class order (the course paper's Table I)."""
    rows = [(c.name, c.title, *map(int, PALETTES[palette][c.index])) for c in CLASSES]
    return pd.DataFrame(rows, columns=["class", "title", "red", "green", "blue"])


def scored_classes(source: str) -> pd.DataFrame:
    """List the classes that a data set distinguishes (scored_as), and which of the study's classes each one joins."""
    groups = SCORED_CLASSES[source]
    rows = [(name, ", ".join(members)) for name, members in groups.items()]
    return pd.DataFrame(rows, columns=["scored_as", "classes"])
