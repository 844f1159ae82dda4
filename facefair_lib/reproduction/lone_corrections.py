"""What each correction gains if it is the only one, and what is lost if it alone is missing.

A ladder shows each correction on top of those before it, so the order decides what each step gains. Two effects of a
correction do not depend on the order: when it is made first, and when it is made last.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from facefair_lib.reproduction.ladder import Fit, Step, budgeted, fit_all, fit_counts
from facefair_lib.reproduction.pool import Pool
from facefair_lib.reproduction.protocol import CORRECTIONS, Correction, Protocol, first_in, last_in
from facefair_lib.reproduction.run import Run, reported_scores
from facefair_lib.scores.resampling import REPLICATES
from facefair_lib.settings.profiles import Profile
from facefair_lib.store.progress import Advance
from facefair_lib.tables.reproduction import ladder_changes

SIDES = ("first", "last")
COLUMNS = [
    *("model", "step", "title"),
    *(name for side in SIDES for name in (f"{side}_f1", f"{side}_iou", side, f"{side}_low", f"{side}_high")),
]
Runs = dict[Fit, tuple[Run, ...]]


def fit_alone(
    settings: Profile,
    steps: Sequence[Step],
    pool: Pool,
    unseen: np.ndarray,
    folder: Path,
    progress: Advance | None = None,
) -> Runs:
    """All fits by which single corrections can be judged: those of the ladder, and others that a profile asks for.

    Parameters
    ----------
    settings : the profile; ``reproduction.alone`` names the corrections that get their own fits, unless the ladder has
        some by the same protocol
    steps : of ``ladder.climb``
    pool, unseen, folder, progress : as in ``ladder.climb``
    """
    known = {(step.model, step.protocol.fitting): step.runs for step in steps}
    seeds = [settings.seed + number for number in range(settings.reproduction.seeds.steps)]
    asked = [pair for correction in CORRECTIONS if correction.key in settings.reproduction.alone
             for pair in _pairs(correction).values()]  # fmt: skip
    wanted = {
        (model, protocol.fitting): seeds
        for model in settings.reproduction.ladder for pair in asked for protocol in pair
        if (model, protocol.fitting) not in known
    }  # fmt: skip
    networks = {model: budgeted(model, settings) for model in settings.reproduction.ladder}
    return known | fit_all(wanted, networks, settings.training, pool, unseen, folder, progress)


def _pairs(correction: Correction) -> dict[str, tuple[Protocol, Protocol]]:
    """Side -> protocols before and after the correction; without ``first`` if it cannot be made first."""
    pairs = {"first": first_in(correction), "last": last_in(correction)}
    return {side: pair for side, pair in pairs.items() if pair}


def alone_table(
    runs: Runs,
    models: Sequence[str],
    labels: np.ndarray,
    images: pd.DataFrame,
    *,
    replicates: int = REPLICATES,
    seed: int = 0,
) -> pd.DataFrame:
    """What each correction changes if it is made first, and if it is made last.

    Parameters
    ----------
    runs : of ``fit_alone``
    models : the networks that climb
    labels : (N, S, S) uint8, truth of the pictures that no fit has seen
    images : N rows in their order, with image_id and subject_id

    Returns
    -------
    model, step, title, and for the sides ``first`` and ``last``: <side>_f1 and <side>_iou (changes of what is
    reported), <side> (change of the mean IoU on the unseen pictures, between fits of the same seeds), <side>_low,
    <side>_high; NaN where fits are missing
    """
    entries = [
        (model, correction, dict(_known(runs, model, correction))) for model in models for correction in CORRECTIONS
    ]
    counts = {
        f"{model} {correction.key} {side}": {
            key: fit_counts(fits, labels) for key, (_, fits) in zip(("before", "after"), pair, strict=True)
        }
        for model, correction, sides in entries
        for side, pair in sides.items()
    }
    changes = ladder_changes(counts, images, replicates=replicates, seed=seed)
    changes = changes[changes["step"] == "after"].set_index("model")
    rows = []
    for model, correction, sides in entries:
        row = {"model": model, "step": correction.key, "title": correction.title}
        for side, pair in sides.items():
            change = changes.loc[f"{model} {correction.key} {side}"]
            row |= {f"{side}_{name}": value for name, value in _reported_change(pair).items()}
            row |= {side: change["change"], f"{side}_low": change["change_low"], f"{side}_high": change["change_high"]}
        rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS)


Scored = tuple[Protocol, tuple[Run, ...]]


def _known(runs: Runs, model: str, correction: Correction) -> Iterator[tuple[str, tuple[Scored, Scored]]]:
    """Side -> protocol and fits before and after, for the seeds that both have; nothing if a fit is missing."""
    for side, pair in _pairs(correction).items():
        fits = [runs.get((model, protocol.fitting), ()) for protocol in pair]
        both = min(map(len, fits))
        if both:
            yield side, tuple((protocol, part[:both]) for protocol, part in zip(pair, fits, strict=True))


def _reported_change(pair: tuple[Scored, Scored]) -> dict[str, float]:
    before, after = ([reported_scores(run, protocol) for run in fits] for protocol, fits in pair)
    return {
        name: float(np.mean([later[name] - earlier[name] for earlier, later in zip(before, after, strict=True)]))
        for name in ("f1", "iou")
    }
