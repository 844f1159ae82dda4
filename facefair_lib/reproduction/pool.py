"""The pictures on which protocols are compared, and how each protocol divides them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import imagehash
import numpy as np
import pandas as pd
from PIL import Image

from facefair_lib.data.images import resize_image, resize_mask
from facefair_lib.data.pictures import Pictures
from facefair_lib.data.readers.base import Reader
from facefair_lib.data.split import split_by_subject
from facefair_lib.data.subsample import rank
from facefair_lib.errors import InputError
from facefair_lib.reproduction.colours import blended_labels
from facefair_lib.reproduction.protocol import Protocol
from facefair_lib.store.parallel import map_ordered

_VALIDATION_SHARE = 0.1
FEWEST = 12
"""The least number of pictures for the comparison: three of its batches, and some to test on."""


@dataclass(frozen=True)
class Pool(Pictures):
    """Pictures and their labels, the latter resized in both ways.

    The table has the manifest's columns, near (a near-duplicate of an earlier row) and twin (same 8 x 8 difference hash
    as an earlier row).

    Attributes
    ----------
    colours : (N, S, S, 3) uint8 RGB label pictures, resized with blending
    """

    colours: np.ndarray


def draw(
    prepared: pd.DataFrame, images: int | None, splits: tuple[str, ...], seed: int, first: pd.Series | None = None
) -> pd.DataFrame:
    """Draw ``images`` pictures of some of the study's splits at random, ``None`` for all; sorted by image_id.

    ``first`` names pictures that are drawn before all others, such as those that the data set contains twice.
    """
    rows = prepared[prepared["split"].isin(splits)].drop(columns=["row", "split"])
    later = ~rows["image_id"].isin([] if first is None else first)
    drawn = (
        rows.assign(_later=later, _rank=[rank(seed, str(name)) for name in rows["image_id"]])
        .sort_values(["_later", "_rank"])
        .head(len(rows) if images is None else images)
    )
    return drawn.drop(columns=["_later", "_rank"]).sort_values("image_id", ignore_index=True)


def near_duplicates(duplicates: pd.DataFrame) -> pd.DataFrame:
    """The pairs of near-duplicates found in notebook 01: columns kept_id, removed_id."""
    return duplicates.loc[duplicates["kind"] == "near", ["kept_id", "removed_id"]]


def with_near_duplicates(drawn: pd.DataFrame, manifest: pd.DataFrame, near: pd.DataFrame) -> pd.DataFrame:
    """Append to the drawn pictures their near-duplicates (``near_duplicates``), which the study removed; adds near."""
    removed = near.loc[near["kept_id"].isin(drawn["image_id"]), "removed_id"]
    again = manifest[manifest["image_id"].isin(removed)].sort_values("image_id")
    together = [drawn.assign(near=False), again[[c for c in drawn.columns if c in again]].assign(near=True)]
    return pd.concat([part for part in together if len(part)], ignore_index=True)


def most_classes(table: pd.DataFrame, reader: Reader, count: int) -> pd.DataFrame:
    """The pictures whose masks show the most classes: ``count`` rows of ``table``."""
    shown = [len(np.unique(reader.mask(row))) for row in table.to_dict("records")]
    order = np.argsort(-np.array(shown), kind="stable")
    return table.iloc[order[:count]]


def load(table: pd.DataFrame, reader: Reader, size: int) -> Pool:
    """Read pictures and masks at native size and resize both to ``size``, each mask in both ways.

    Parameters
    ----------
    table : manifest rows, with or without the column near
    reader : the data set they come from
    size : side of the square, pixels; pictures are stretched, as in the course paper
    """
    if "near" not in table:
        table = table.assign(near=False)
    loaded = map_ordered(lambda row: _load_one(row, reader, size), table.to_dict("records"))
    hashes, images, labels, colours = zip(*loaded, strict=True)
    table = table.assign(twin=pd.Series(hashes, table.index).duplicated()).reset_index(drop=True)
    return Pool(table, np.stack(images), np.stack(labels), np.stack(colours))


def _load_one(row: dict[str, object], reader: Reader, size: int) -> tuple[str, np.ndarray, np.ndarray, np.ndarray]:
    image, mask = reader.pair(row)
    digest = str(imagehash.dhash(Image.fromarray(image)))
    return digest, resize_image(image, (size, size)), resize_mask(mask, (size, size)), blended_labels(mask, size)


def divide(table: pd.DataFrame, protocol: Protocol) -> dict[str, np.ndarray]:
    """Row numbers of train, validation and test under a protocol.

    If a protocol chooses its epoch on the test set, ``validation`` IS the test set.

    Raises
    ------
    InputError
        if too few pictures are left
    """
    kept = table[~table["twin" if protocol.near_duplicates else "near"]]
    if len(kept) < FEWEST:
        raise InputError(
            "the reproduction",
            found=f"{len(kept)} pictures",
            expected=f"at least {FEWEST}",
            do="raise reproduction.images",
        )
    rows = _by_person(kept, protocol) if protocol.split == "person" else _by_image(kept, protocol)
    if protocol.selection == "test":
        train = np.concatenate([rows["train"], rows["validation"]])
        rows = {"train": train, "validation": rows["test"], "test": rows["test"]}
    return {split: np.sort(part) for split, part in rows.items()}


def learnt_images(images: int, protocol: Protocol) -> int:
    """Size of the training set that a protocol splitting by picture draws from ``images``; the rest are tested."""
    # Rounded up, but after `round`: the product may exceed a whole number by floating-point error.
    return math.ceil(round(images * (1 - protocol.test_share), 6))


def found_duplicates(table: pd.DataFrame) -> tuple[int, int]:
    """How many near-duplicates the course paper's rule, an equal hash, finds, and how many there are."""
    return int((table["near"] & table["twin"]).sum()), int(table["near"].sum())


def _by_image(kept: pd.DataFrame, protocol: Protocol) -> dict[str, np.ndarray]:
    order = np.random.default_rng(protocol.split_seed).permutation(kept.index.to_numpy())
    test = len(order) - learnt_images(len(order), protocol)
    validation = math.ceil(len(order) * _VALIDATION_SHARE)
    return {"test": order[:test], "validation": order[test : test + validation], "train": order[test + validation :]}


def _by_person(kept: pd.DataFrame, protocol: Protocol) -> dict[str, np.ndarray]:
    shares = {"validation": _VALIDATION_SHARE, "test": protocol.test_share}
    split = split_by_subject(kept, {"train": 1 - sum(shares.values()), **shares}, protocol.split_seed)["split"]
    return {name: split.index[split == name].to_numpy() for name in ("train", "validation", "test")}


def manifest_root(manifest: pd.DataFrame, path: Path) -> Path:
    """The data set's folder as recorded in a manifest; ``path`` is that of the manifest.

    Raises
    ------
    InputError
        if none is recorded, or the folder no longer exists
    """
    root = Path(manifest.attrs.get("root", ""))
    if "root" not in manifest.attrs or not root.is_dir():
        raise InputError(
            path,
            found=f"the data folder {root}",
            expected="the folder that notebook 01 read",
            do="run notebook 01 again",
        )
    return root
