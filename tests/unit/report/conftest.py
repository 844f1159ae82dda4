"""A small study with known numbers, in the schema of the results store."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from matplotlib.figure import Figure

from facefair_lib import paths
from facefair_lib.evidence import COMPARISON, DATA, EXPERIMENT, FAIRNESS, METRICS, REPRODUCTION, TRAINING, Evidence
from facefair_lib.labels import CLASSES
from facefair_lib.metrics import CLASS_METRICS, ESTIMANDS
from facefair_lib.numbers import compose_numbers
from facefair_lib.report import OPTIONAL_FIGURES, REQUIRED_FIGURES
from facefair_lib.results import write_csv

GROUPS, EMOTIONS = ("asian", "black", "caucasian"), ("sad", "happy", "angry")


def score(value: float, images: int = 128, people: int = 24) -> dict[str, float]:
    return {"value": value, "low": value - 0.03, "high": value + 0.03, "n_images": images, "n_subjects": people}


def difference(name: str, metric: str, value: float) -> dict[str, object]:
    return {"class": name, "metric": metric, "difference": value, "low": value - 0.02, "high": value + 0.02}


def data_tables() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    steps = [
        ("read", 700, 120, 0),
        ("exact duplicates removed", 676, 120, 24),
        ("near-duplicates removed", 650, 119, 26),
        ("subsample", 640, 119, 10),
        ("train", 448, 83, 0),
        ("validation", 64, 12, 0),
        ("test", 128, 24, 0),
    ]
    yield f"{DATA}/flow", [{"step": s, "images": i, "people": p, "removed": r, "note": ""} for s, i, p, r in steps]
    yield f"{DATA}/duplicates", [{"kind": "exact", "kept_id": "a", "removed_id": "b", "distance": 0}]
    folders = [
        ("real", "real", 200, 3, 1, 196),
        ("male_50%", "male", 30, 0, 2, 28),
        ("female01", "female", 20, 0, 0, 20),
    ]
    keys = ("folder", "category", "images", "exact", "near", "kept")
    yield f"{DATA}/duplicate_folders", [dict(zip(keys, row, strict=True)) for row in folders]
    yield (
        f"{DATA}/colours",
        [
            {"class": c.name, "title": c.title, "red": c.paper_rgb[0], "green": c.paper_rgb[1], "blue": c.paper_rgb[2]}
            for c in CLASSES
        ],
    )
    shares = [0.6] + [0.04] * 9 + [0.0004]
    yield (
        f"{DATA}/class_shares",
        [
            {"split": "train", "class": c.name, "pixels": 1, "share": share, "images": 9}
            for c, share in zip(CLASSES, shares, strict=True)
        ],
    )


def training_tables() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    for model, stage in TRAINING.items():
        measured = {"accuracy": 0.9, "precision": 0.6, "recall": 0.6, "f1": 0.6}
        yield (
            f"{stage}/history",
            [
                {"epoch": epoch, "split": split, "loss": 2.0 / epoch, "iou": 0.2 * epoch, **measured}
                for epoch in (1, 2)
                for split in ("train", "validation")
            ],
        )
        yield f"{stage}/model", [
            {
                "model": model, "backbone": "resnet18", "weights": "none", "parameters": 4_710_000, "epochs": 2,
                "best_epoch": 2, "seconds": 181.2, "seconds_per_epoch": 90.6, "images_per_second": 34.7,
                "device": "CPU, 2 cores (AVX512-BF16)", "precision": "bf16-mixed",
            }
        ]  # fmt: skip


def score_tables() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    models = {"deeplabv3": 0.48, "pspnet": 0.52}
    yield (
        f"{METRICS}/summary",
        [{"model": model, "metric": metric, **score(value)} for model, value in models.items() for metric in ESTIMANDS],
    )
    yield (
        f"{METRICS}/classes",
        [
            {"model": model, "class": c.name, "metric": metric, **score(value - 0.01 * c.index, images=100 - c.index)}
            for model, value in models.items()
            for c in CLASSES
            for metric in CLASS_METRICS
        ],
    )
    yield (
        f"{METRICS}/differences",
        [
            *(difference("all", metric, -0.04) for metric in ESTIMANDS),
            *(difference(c.name, metric, 0.005 * c.index - 0.03) for c in CLASSES for metric in CLASS_METRICS),
        ],
    )
    yield (
        f"{METRICS}/images",
        [
            {
                "model": model,
                "image_id": i,
                "subject_id": i,
                "image_iou": 0.5 + 0.1 * (i % 2),
                "image_f1": 0.6,
                "accuracy": 0.9,
            }
            for model in models
            for i in range(10)
        ],
    )


def experiment_tables() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    nine = [
        {
            "image_id": f"{group}_{emotion}", "subject_id": f"{group}_{emotion}", "group": group, "emotion": emotion,
            "gender": "female", "age": 31.0, "skin_tone": 4.0, "yaw": -12.5, "light": 0.4, "role": "shown",
            "deeplabv3_iou": 0.5, "pspnet_iou": 0.55,
        }
        for group in GROUPS
        for emotion in EMOTIONS
    ]  # fmt: skip
    yield f"{EXPERIMENT}/nine", nine
    yield "experiment/people", nine
    cells = [(m, g, e) for m in TRAINING for g in GROUPS for e in EMOTIONS]
    yield (
        f"{EXPERIMENT}/cells",
        [
            {"model": m, "group": g, "emotion": e, "metric": "image_iou", **score(0.5, 20, 6 if e == "angry" else 20)}
            for m, g, e in cells
        ],
    )
    for feature, keys in (("group", GROUPS), ("emotion", EMOTIONS)):
        yield (
            f"{EXPERIMENT}/{feature}s",
            [
                {"model": model, feature: key, "metric": "image_iou", **score(0.5, 60, 60)}
                for model in TRAINING
                for key in keys
            ],
        )
    gap = {"gap": 0.041, "expected_by_chance": 0.022, "corrected": 0.019, "low": -0.004, "high": 0.086}
    yield (
        f"{EXPERIMENT}/gaps",
        [
            {
                "model": model,
                "feature": feature,
                "metric": "image_iou",
                **gap,
                "p_value": p,
                "best": best,
                "worst": worst,
            }
            for model, p in (("deeplabv3", 0.0005), ("pspnet", 0.21))
            for feature, best, worst in (("group", "black", "asian"), ("emotion", "sad", "angry"))
        ],
    )


def reproduction_tables() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Scores of the published kind, one impossible and one worse than an empty mask."""
    limits = {
        "prevalence": (0.29, 1.0),
        "f1_ceiling": (0.7, 0.71),
        "iou_floor": (0.45, 0.55),
        "empty_mask": (0.6, 0.71),
    }
    broken = {"iou_floor": "impossible", "empty_mask": "worse than trivial"}
    yield (
        f"{REPRODUCTION}/consistency",
        [
            {
                "model": model, "split": "test", "epoch": 25, "check": check, "value": value, "limit": limit,
                "low": value - limit, "high": value - limit,
                "verdict": broken.get(check, "possible") if model == "pspnet" else "possible",
            }
            for model in TRAINING
            for check, (value, limit) in limits.items()
        ],
    )  # fmt: skip
    steps = {"published": ("as published", 0.66, 0.3, 0.12), "recipe": ("this study's training", 0.5, 0.4, 0.38)}
    yield (
        f"{REPRODUCTION}/ladder",
        [
            {
                "model": m,
                "step": s,
                "title": t,
                "train": 96,
                "test": 24,
                "copies": 3,
                "shared_people": 2,
                "f1": f,
                "iou": i,
                "true_iou": v,
                "impossible": s == "published",
                "change": 0.26 if s == "recipe" else None,
                "change_low": 0.2 if s == "recipe" else None,
                "change_high": 0.31 if s == "recipe" else None,
                "luck": 0.012,
            }
            for m in TRAINING
            for s, (t, f, i, v) in steps.items()
        ],
    )
    scores = {"accuracy": 0.8, "precision": 0.7, "recall": 0.6, "f1": 0.65, "iou": 0.4, "true_iou": 0.2}
    yield (
        f"{REPRODUCTION}/headline",
        [
            {
                "model": m,
                "protocol": p,
                **scores,
                "train": 96,
                "size": 64,
                "epochs": 8,
                "seconds_per_epoch": 90.0,
                "device": "CPU",
            }
            for m in TRAINING
            for p in ("paper", "published", "corrected")
        ],
    )
    yield (
        f"{REPRODUCTION}/fed",
        [
            {
                "model": "pspnet",
                "way": "as trained",
                "value": 0.4,
                "change": 0.0,
                "change_low": 0.0,
                "change_high": 0.0,
            },
            {
                "model": "pspnet",
                "way": "both, as published",
                "value": 0.1,
                "change": -0.3,
                "change_low": -0.35,
                "change_high": -0.26,
            },
        ],
    )
    yield (
        f"{REPRODUCTION}/codes",
        [
            {"class": c.name, "title": c.title, "code": "110" if c.name == "hair" else "000", "shares_with": "",
             "reads_as_paper": "", "reads_as_vendor": "ears"}
            for c in CLASSES
        ],
    )  # fmt: skip
    yield (
        f"{REPRODUCTION}/invented",
        [{"class": c.name, "pixels": 100, "blended": 10, "invented": c.index, "images": 3} for c in CLASSES],
    )
    yield f"{REPRODUCTION}/knife_edge", [{"shrink": 0.99, "f1": 1.0, "iou": 0.25}]
    leak = {**difference("all", "image_iou", 0.01), "n_images": 18, "n_subjects": 5}
    yield f"{REPRODUCTION}/leak", [leak]
    measures = {"per_group": 3, "spread": 0.08, "noise_range": 0.238, "noise_range_high": 0.35, "right_order": 0.167}
    measures |= {"smallest_p": 0.1, "detectable_gap": 0.246}
    yield (
        f"{REPRODUCTION}/nine_photos",
        [{"measure": name, "value": value, "measured": value / 2} for name, value in measures.items()],
    )


def comparison_tables() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Two networks fitted alike: PSPNet is better and cheaper, and its gap is distinguishable from chance."""
    yield f"{COMPARISON}/status", [{"fitted": True, "reason": ""}]
    yield (
        f"{COMPARISON}/comparison",
        [
            {
                "network": f"{model}_resnet18", "model": model, "backbone": "resnet18", "epochs": 8, "seconds": 300.0,
                "parameters": 900_000, "flops": flops, "peak_bytes": 9_000_000, "images_per_second": speed, "size": 128,
                "views": 1, "device": "CPU, 1 thread", "iou": iou, "iou_low": iou - 0.03, "iou_high": iou + 0.03,
                "f1": iou + 0.1, "f1_low": iou + 0.07, "f1_high": iou + 0.13, "behind_low": behind, "front": front,
                "gap": 0.04, "expected_by_chance": 0.02, "p_value": p, "p_adjusted": 2 * p, "n_images": 128,
                "n_subjects": 24,
            }
            for model, flops, speed, iou, behind, front, p in (
                ("deeplabv3", 3.1e9, 20.0, 0.48, 0.01, False, 0.2), ("pspnet", 2.2e9, 30.0, 0.52, 0.0, True, 0.002),
            )
        ],
    )  # fmt: skip


def write_study(folder: Path, counterfactual: dict[str, pd.DataFrame]) -> Path:
    parts = (
        data_tables(),
        training_tables(),
        score_tables(),
        experiment_tables(),
        reproduction_tables(),
        comparison_tables(),
    )
    for tables in parts:
        for name, rows in tables:
            write_csv(folder / f"{name}.csv", pd.DataFrame(rows))
    for stem, table in counterfactual.items():
        write_csv(folder / FAIRNESS / f"{stem}.csv", table)
    for stem, stage in {**REQUIRED_FIGURES, **OPTIONAL_FIGURES}.items():
        (folder / stage / "figures").mkdir(exist_ok=True)
        Figure((3.5, 2)).savefig(folder / stage / "figures" / f"{stem}.pdf", metadata={"CreationDate": None})
    return folder


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory, counterfactual: dict[str, pd.DataFrame]) -> Path:
    """The study, written once; tests only read it."""
    return write_study(tmp_path_factory.mktemp("pristine") / "quick", counterfactual)


@pytest.fixture
def study(pristine: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(pristine, tmp_path / "results" / "quick"))


@pytest.fixture(scope="session")
def evidence(pristine: Path) -> Evidence:
    return Evidence(pristine, paths.REPORT)


@pytest.fixture(scope="session")
def numbers(evidence: Evidence) -> str:
    """The text of numbers.tex."""
    return compose_numbers(evidence, plain_settings())


@pytest.fixture
def settings() -> dict[str, Any]:
    return plain_settings()


def plain_settings() -> dict[str, Any]:
    network = {"backbone": "resnet18", "weights": "none", "output_stride": 8, "epochs": 2, "learning_rate": 0.002}
    network["small_start"] = {"epochs": 0.5, "scale": 0.75}
    return {
        "name": "quick",
        "title": "rendered people, light networks",
        "seed": 20,
        "data": {"source": "rendered", "size": 128, "near_duplicate_bits": 4, "validation": 0.1, "test": 0.2},
        "models": {"deeplabv3": {**network, "atrous_rates": [3, 6, 9]}, "pspnet": network},
        "training": {"batch_size": 16, "weight_decay": 0.01, "dice_weight": 1.0},
        "inference": {"views": [{"scale": 1.0, "mirrored": False}, {"scale": 1.5, "mirrored": True}]},
        "analysis": {"replicates": 2000},
        "experiment": {"people_per_cell": 20},
    }
