"""Draw the course paper's subsample: every real photograph, some of the crowds, some of each person's folder."""

from __future__ import annotations

import hashlib

import pandas as pd

from facefair_lib.errors import InputError


def rank(seed: int, name: str) -> str:
    """Random but reproducible rank of one name, whatever other names there are: 64 hexadecimal digits."""
    return hashlib.sha256(f"{seed}:{name}".encode()).hexdigest()


def subsample(
    manifest: pd.DataFrame,
    real: int | None = None,
    multi: int | None = 50,
    per_folder: int | None = 10,
    seed: int = 0,
) -> pd.DataFrame:
    """Draw images without replacement.

    Each image has a rank that depends on the seed and its own name only, so that adding or removing one image or
    folder does not change what is drawn elsewhere.

    Parameters
    ----------
    manifest : as ``check_manifest`` returns it
    real : number of images of category "real"; None = all, as in the course paper
    multi : number of images of category "multi"; None = all
    per_folder : number from each other folder; None = all. A folder with fewer gives all it has
    seed : other seeds draw other images

    Returns
    -------
    The drawn rows, sorted by image_id

    Raises
    ------
    InputError
        if a number is negative, or nothing would be left
    """
    limits = {"real": real, "multi": multi, "per_folder": per_folder}
    negative = [f"{name}: {limit}" for name, limit in limits.items() if limit is not None and limit < 0]
    if negative:
        raise InputError(
            "data.subsample", found=negative[0], expected="0 or more, or null for all", do="correct the profile"
        )
    pool = manifest["folder"].where(~manifest["category"].isin(["real", "multi"]), "category " + manifest["category"])
    ranks = pd.Series([rank(seed, name) for name in manifest["image_id"]], manifest.index)
    position = ranks.groupby(pool).rank(method="first")  # 1 = drawn first
    limit = manifest["category"].map({"real": real, "multi": multi}).astype("float64")
    limit = limit.where(manifest["category"].isin(["real", "multi"]), per_folder).astype("float64")
    drawn = manifest[limit.isna() | (position <= limit)]
    if drawn.empty:
        raise InputError(
            "data.subsample", found=f"no image left by {limits}", expected="at least one", do="raise the numbers"
        )
    return drawn.sort_values("image_id", kind="stable", ignore_index=True)
