"""All fits of the stage, run in parallel and each kept when done, and their scores on people no network trained on."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from facefair_lib.data.pictures import Pictures
from facefair_lib.experiments.composition.fit import confusion_per_picture, fit_small, most_frequent_class
from facefair_lib.experiments.composition.plan import GROUPS, Fit, plan_fits, usable, why_not
from facefair_lib.scores import metrics
from facefair_lib.settings.labels import NUM_CLASSES
from facefair_lib.settings.profiles import CompositionSettings, Profile, TrainingSettings
from facefair_lib.store import results
from facefair_lib.store.processes import WHOLE, share_of, spread
from facefair_lib.store.progress import Advance
from facefair_lib.store.results import COMPLETE, SKIPPED
from facefair_lib.training.device import use_cores

FIT_COLUMNS = ["fit", "composition", "focus", "seed", "images", *(f"share_{g}" for g in GROUPS), "epochs"]
SCORE_COLUMNS = ["fit", "composition", "focus", "seed", "group", metrics.COMPARED_BY, "n_images", "n_subjects"]
BASELINE_COLUMNS = ["group", metrics.COMPARED_BY, "n_images", "n_subjects"]


def write_compositions(
    folder: Path,
    profile: Profile,
    prepared: Pictures,
    tested: Pictures,
    workers: int,
    version: str = "",
    progress: Advance | None = None,
    shard: tuple[int, int] = WHOLE,
) -> None:
    """Fit every composition and score it.

    Parameters
    ----------
    folder : receives ``fits.csv``, ``scores.csv``, ``baseline.csv``, ``test_counts.npy`` (fits, N, 11, 11),
        ``test_people.csv``, ``status.csv``, and ``fits/``, from which an interrupted run resumes
    profile : its section ``composition`` says what is fitted
    prepared : the study's prepared pictures; ``table`` is ``prepared.csv``, whose ``row`` is the place in the arrays
    tested : pictures of other people, on which every fit is scored
    workers : processes of one thread each; with a GPU there is one process
    version : of the code; fits of another version, other settings or other pictures are repeated
    progress : called with (fits done, fits in all)
    shard : (k, n) makes every n-th fit from the k-th on and writes no table; one must have begun before the others do

    Notes
    -----
    If the data set does not say who belongs to which group, all tables are written without rows, and ``status.csv``
    says why.
    """
    settings, training, seed = profile.composition, profile.training, profile.seed
    pictures = usable(prepared.table)
    reason = why_not(pictures, settings.images, settings.batch_size) or (
        "" if len(tested.table) else "no tested picture has a mask"
    )
    if reason:
        _write(folder, [], [], tested.table.iloc[:0], np.zeros((0, 0, NUM_CLASSES, NUM_CLASSES), np.int64), [])
        results.write_status(folder, SKIPPED, reason)
        return
    rows = pictures["row"].to_numpy()
    small = Pictures(pictures.assign(row=range(len(pictures))), prepared.images[rows], prepared.labels[rows])
    small, tested = small.resized(settings.size), tested.resized(settings.size)
    fits = plan_fits(small.table, settings.images, settings.seeds, seed)
    kept = _kept(folder, small, tested, repr((version, settings, training, seed)))
    wanted = share_of(fits, shard)
    missing = [fit for fit in wanted if not (kept / f"{fit.name}.npz").exists()]
    jobs = [(kept, fit, settings, training, seed) for fit in missing]
    if progress:
        progress(len(wanted) - len(missing), len(wanted))
    for done, _ in enumerate(spread(_fit_one, jobs, 1 if torch.cuda.is_available() else workers), 1):
        if progress:
            progress(len(wanted) - len(missing) + done, len(wanted))
    if shard != WHOLE:
        return
    stored = [results.read_arrays(kept / f"{fit.name}.npz") for fit in fits]
    counts = np.stack([entry["counts"] for entry in stored])  # (F, N, 11, 11)
    described = [_fit_row(fit, small.table, settings) for fit in fits]
    scores = _score_rows(fits, counts, tested.table)
    _write(folder, described, scores, tested.table, counts, _baseline(small, tested))
    results.write_status(folder, COMPLETE, "")


def _kept(folder: Path, small: Pictures, tested: Pictures, settings: str) -> Path:
    """Folder of the fits to these pictures with these settings, and the pictures in it; other folders are removed."""
    digest = hashlib.sha256(settings.encode())
    for pictures in (small, tested):
        digest.update(pictures.table[["image_id", "group"]].to_csv().encode())
        digest.update(np.ascontiguousarray(pictures.images))
        digest.update(np.ascontiguousarray(pictures.labels))
    kept = folder / "fits" / digest.hexdigest()[:16]
    for other in (folder / "fits").glob("*"):
        if other != kept:
            shutil.rmtree(other)
    for name, pictures in (("train", small), ("test", tested)):
        results.write_array(kept / f"{name}_images.npy", pictures.images)
        results.write_array(kept / f"{name}_labels.npy", pictures.labels)
    return kept


def _fit_one(kept: Path, fit: Fit, settings: CompositionSettings, training: TrainingSettings, seed: int) -> str:
    """Fit one network and keep its counts; all fits of one repetition start from the same weights."""
    use_cores(1)
    images, labels, test_images, test_labels = (
        results.read_array(kept / f"{split}_{kind}.npy", memory_map=True)
        for split in ("train", "test")
        for kind in ("images", "labels")
    )
    network = fit_small(settings, training, images[fit.rows], labels[fit.rows], seed * 1000 + fit.seed)
    with results.replacing(kept / f"{fit.name}.npz") as temporary:
        np.savez_compressed(temporary, counts=confusion_per_picture(network, test_images, test_labels))
    return fit.name


def _names(fit: Fit) -> dict[str, object]:
    return {
        "fit": fit.name,
        "composition": fit.composition.name,
        "focus": fit.composition.focus,
        "seed": fit.seed,
    }


def _fit_row(fit: Fit, table: pd.DataFrame, settings: CompositionSettings) -> dict[str, object]:
    """One row of ``fits.csv``; shares are those of the pictures drawn, not the nominal ones."""
    groups = table.set_index("row").loc[fit.rows, "group"]
    shares = {f"share_{group}": float((groups == group).mean()) for group in GROUPS}
    return {**_names(fit), "images": len(fit.rows), **shares, "epochs": settings.epochs}


def _score_rows(fits: list[Fit], counts: np.ndarray, people: pd.DataFrame) -> list[dict[str, object]]:
    return [
        {**_names(fit), **row} for fit, part in zip(fits, counts, strict=True) for row in group_scores(part, people)
    ]


def _baseline(small: Pictures, tested: Pictures) -> list[dict[str, object]]:
    """Scores of a prediction that ignores the picture: at each position the class seen there most often."""
    answer = np.broadcast_to(most_frequent_class(small.labels), tested.labels.shape)
    return group_scores(metrics.confusion_counts(tested.labels, answer), tested.table)


def group_scores(counts: np.ndarray, people: pd.DataFrame) -> list[dict[str, object]]:
    """Mean fixed-class IoU per group, each person counting once, in the order of ``GROUPS``."""
    scored = people.assign(**{metrics.COMPARED_BY: metrics.fixed_iou(counts)})
    rows = []
    for group in GROUPS:
        part = scored[scored["group"] == group]
        by_person = part.groupby("subject_id")[metrics.COMPARED_BY].mean()
        numbers = {"n_images": len(part), "n_subjects": len(by_person)}
        rows.append({"group": group, metrics.COMPARED_BY: float(by_person.mean()), **numbers})
    return rows


def _write(
    folder: Path,
    fits: list[dict[str, object]],
    scores: list[dict[str, object]],
    people: pd.DataFrame,
    counts: np.ndarray,
    baseline: list[dict[str, object]],
) -> None:
    results.write_csv(folder / "fits.csv", pd.DataFrame(fits, columns=FIT_COLUMNS))
    results.write_csv(folder / "scores.csv", pd.DataFrame(scores, columns=SCORE_COLUMNS))
    results.write_csv(folder / "baseline.csv", pd.DataFrame(baseline, columns=BASELINE_COLUMNS))
    results.write_csv(folder / "test_people.csv", people)
    results.write_array(folder / "test_counts.npy", counts)
