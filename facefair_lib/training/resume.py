"""What a fit keeps in its folder, so that it can resume after an interruption and is never mistaken for another fit."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from facefair_lib.settings.profiles import ModelSettings, TrainingSettings
from facefair_lib.store import results
from facefair_lib.store.digests import module_version

WEIGHTS = "best.pt"
HISTORY, TIMINGS = "history.csv", f"{results.TIMINGS}.csv"
LAST = "last.ckpt"
_RECORD = "fit.json"


def fit_key(
    name: str,
    model: ModelSettings,
    training: TrainingSettings,
    images: np.ndarray,
    labels: np.ndarray,
    rows: dict[str, np.ndarray],
    seed: int,
    start: Path | None = None,
) -> str:
    """Digest of all that determines a fit's weights: settings, seed, code, the pixels it sees, its initial weights."""
    settings = [name, model.model_dump(mode="json"), training.model_dump(mode="json"), seed]
    digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
    digest.update(module_version("facefair_lib.training.fit").encode())
    for split in ("train", "validation"):
        for array in (images, labels):
            digest.update(f"{split} {(len(rows[split]), *array.shape[1:])}".encode())
            for row in rows[split]:
                digest.update(np.ascontiguousarray(array[row]))
    if start:
        digest.update(start.read_bytes())
    return digest.hexdigest()


def start_or_resume(folder: Path, key: str) -> dict[str, Any] | None:
    """Keep the files of an earlier run of the same fit, and remove those of another fit.

    Returns
    -------
    the description that a finished run of the same fit recorded, or ``None`` if the fit is not finished
    """
    record = _read(folder / _RECORD)
    if record.get("key") == key:
        whole = all((folder / name).exists() for name in (WEIGHTS, HISTORY, TIMINGS))
        return dict(record["description"]) if "description" in record and whole else None
    for name in (WEIGHTS, HISTORY, TIMINGS):
        (folder / name).unlink(missing_ok=True)
    remove_checkpoints(folder)
    results.write_json(folder / _RECORD, {"key": key})
    return None


def remember(folder: Path, what: str, value: Any) -> None:
    """Record something that the fit in this folder needs when it is resumed."""
    results.write_json(folder / _RECORD, {**_read(folder / _RECORD), what: value})


def recall(folder: Path, what: str) -> Any:
    """What ``remember`` recorded under this name, or None."""
    return _read(folder / _RECORD).get(what)


def finish(folder: Path, key: str, description: dict[str, Any], timings: dict[str, Any]) -> None:
    """Record that the fit is complete, and remove its checkpoints, which are several times as large as its weights."""
    results.write_csv(folder / TIMINGS, pd.DataFrame([timings]))
    in_order = list(description.items())  # a JSON object would be sorted
    results.write_json(folder / _RECORD, {"key": key, "description": in_order})
    remove_checkpoints(folder)


def remove_checkpoints(folder: Path) -> None:
    """Remove Lightning's checkpoints."""
    for path in folder.glob("*.ckpt"):
        path.unlink()


def _read(record: Path) -> dict[str, Any]:
    return results.read_json(record) if record.exists() else {}
