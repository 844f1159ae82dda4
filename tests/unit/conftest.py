"""What several rooms' tests share: small tables of the counterfactual stages, pictures that are easy to learn."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from facefair_lib.settings.labels import CLASS_NAMES

MODELS, GROUPS, EMOTIONS = ("deeplabv3", "pspnet"), ("asian", "black", "caucasian"), ("sad", "happy", "angry")
CONTRASTS = tuple("-".join(pair) for pair in itertools.combinations(GROUPS, 2))
LIFT = {"deeplabv3": 1.0, "pspnet": 0.4}  # PSPNet's differences are the smaller ones
_SIZES = {"n_images": 360, "n_subjects": 40}


def effects() -> pd.DataFrame:
    """DeepLabV3: Asian 3 points above Black, mostly by tone; PSPNet: nothing that the tests tell from zero."""
    rows = []
    parts = {"asian-black": (0.01, 0.02), "asian-caucasian": (0.002, -0.008), "black-caucasian": (-0.008, -0.028)}
    for model, (contrast, (morphology, tone)) in itertools.product(MODELS, parts.items()):
        lift = LIFT[model]
        split = {"total": morphology + tone, "morphology": morphology, "tone": tone}
        for component, value in split.items():
            difference = lift * value
            p = 0.002 if abs(difference) > 0.015 else 0.31
            rows.append(
                {
                    "model": model, "contrast": contrast, "component": component, "difference": difference,
                    "low": difference - 0.009, "high": difference + 0.011, "p_value": p / 2, "p_adjusted": p,
                    **_SIZES, "detectable": 0.014,
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def pairs(people: int = 40) -> pd.DataFrame:
    random = np.random.default_rng(5)
    rows = []
    for model in MODELS:
        own = random.normal(0.55, 0.08, people)
        for group, shift in zip(GROUPS, (0.012, -0.018, 0.006), strict=True):
            values = own + LIFT[model] * shift + random.normal(0, 0.015, people)
            rows += [(model, f"base_{i:03d}", group, value) for i, value in enumerate(values)]
    return pd.DataFrame(rows, columns=["model", "subject_id", "group", "value"])


def tones() -> pd.DataFrame:
    rows = []
    for model, tone in itertools.product(MODELS, range(1, 11)):
        relative = LIFT[model] * (0.012 - 0.0006 * (tone - 3) ** 2)
        value = 0.56 + relative
        rows.append((model, tone, value, value - 0.03, value + 0.03, relative, relative - 0.008, relative + 0.008))
    columns = ["model", "skin_tone", "value", "low", "high", "relative", "relative_low", "relative_high"]
    return pd.DataFrame(rows, columns=columns).assign(n_images=40, n_subjects=40)


def sources() -> pd.DataFrame:
    rows = []
    for model, (cohort, gap, chance, reach) in itertools.product(
        MODELS, (("balanced", 0.026, 0.022, 0.03), ("wild", 0.058, 0.024, 0.032), ("counterfactual", 0.03, 0.007, 0.01))
    ):
        gap, p = LIFT[model] * gap, 0.001 if cohort != "balanced" and model == "deeplabv3" else 0.3
        rows.append(
            {
                "model": model, "cohort": cohort, "gap": gap, "expected_by_chance": chance, "corrected": gap - chance,
                "low": gap - reach, "high": gap + reach, "p_value": p, "best": "asian", "worst": "black",
                "n_images": 180, "n_subjects": 40 if cohort == "counterfactual" else 180, "detectable": 1.4 * reach,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def adjusted() -> pd.DataFrame:
    rows = []
    values = dict(zip(CONTRASTS, (0.05, 0.012, -0.038), strict=True))
    for model, cohort, contrast, kind in itertools.product(
        MODELS, ("balanced", "wild"), CONTRASTS, ("raw", "adjusted")
    ):
        estimate = values[contrast] * (0.4 if kind == "adjusted" else 1) * (0.3 if cohort == "balanced" else 1)
        rows.append((model, cohort, contrast, kind, estimate, estimate - 0.02, estimate + 0.02, 0.04, 180, 180))
    columns = ["model", "cohort", "contrast", "kind", "estimate", "low", "high", "p_value", "n_images", "n_subjects"]
    return pd.DataFrame(rows, columns=columns)


def equivalence(margins: tuple[float, ...] = (0.01, 0.02, 0.03)) -> pd.DataFrame:
    rows = []
    totals = effects().query("component == 'total'").set_index(["model", "contrast"])["difference"]
    for model, cohort, contrast in itertools.product(MODELS, ("balanced", "counterfactual"), CONTRASTS):
        value, reach = totals[model, contrast], 0.005 if cohort == "counterfactual" else 0.03
        low, high = value - reach, value + reach
        for delta in margins:
            shown = -delta < low and high < delta
            rows.append((model, cohort, contrast, delta, value, low, high, 0.01 if shown else 0.4, shown, 40))
    columns = ["model", "cohort", "contrast", "delta", "difference", "low90", "high90", "p_value", "equivalent"]
    return pd.DataFrame(rows, columns=[*columns, "n_subjects"])


def classes() -> pd.DataFrame:
    """One group and class stands out, teeth were shown by too few people, nobody wore glasses."""
    rows = []
    for model, (j, name), (i, group) in itertools.product(MODELS, enumerate(CLASS_NAMES), enumerate(GROUPS)):
        relative = LIFT[model] * ((0.02, -0.03, 0.01)[i] * (j % 4) / 2 if name != "specs" else np.nan)
        p = 0.004 if abs(relative) > 0.04 else 0.4
        rows.append(
            {
                "model": model, "group": group, "class": name, "value": 0.6 + relative, "relative": relative,
                "low": relative - 0.02, "high": relative + 0.02, "p_value": p / 3, "p_adjusted": p,
                "n_images": 120, "n_subjects": 6 if name == "teeth" else 0 if name == "specs" else 40,
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def traps() -> pd.DataFrame:
    areas = dict(zip(CLASS_NAMES, (0.6, 0.006, 0.004, 0.015, 0.17, 0.16, 0.006, 0.01, 0.001, 0.02, 0.003), strict=True))
    rows = []
    for model, name, (i, group) in itertools.product(("", *MODELS), areas, enumerate(GROUPS)):
        area = areas[name] * (1 - 0.12 * (i == 1))
        f1 = 1 - 0.012 / np.sqrt(area)
        error = 2 + 20 * np.sqrt(0.01) + 0.4 * i + (model == "deeplabv3") if model else np.nan
        rows.append((model, group, name, area, 31.0 + i, f1, error, 120))
    columns = ["model", "group", "class", "area_share", "interocular", "one_pixel_f1", "boundary_error", "n_images"]
    return pd.DataFrame(rows, columns=columns)


def features() -> pd.DataFrame:
    rows = []
    for model, (i, group), (j, emotion) in itertools.product(MODELS, enumerate(GROUPS), enumerate(EMOTIONS)):
        value, people = 0.52 + 0.02 * i - 0.01 * j, 6 if (group, emotion) == ("black", "angry") else 40
        rows.append(
            {
                "model": model, "feature": "group_emotion", "level": f"{group} {emotion}", "value": value,
                "low": value - 0.02, "high": value + 0.02, "small": people < 10, "n_images": people,
                "n_subjects": people,
            }
        )  # fmt: skip
    levels = [
        ("skin_tone", "2", 40),
        ("skin_tone", "10", 2),
        ("age_band", "18-29", 90),
        ("age_band", "60 and over", 15),
    ]
    levels += [("gender", "female", 60), ("light", "backlit", 12)]
    rows += [
        {"model": model, "feature": feature, "level": level, "value": 0.5, "low": 0.45, "high": 0.55,
         "small": people < 10, "n_images": people, "n_subjects": people}
        for model in MODELS for feature, level, people in levels
    ]  # fmt: skip
    return pd.DataFrame(rows)


def fits() -> pd.DataFrame:
    """Balanced, mostly one group and without one group, three seeds each."""
    shares = {"balanced": ("", [1 / 3] * 3)}
    for i, group in enumerate(GROUPS):
        shares[f"mostly_{group}"] = (group, [0.8 if i == k else 0.1 for k in range(3)])
        shares[f"without_{group}"] = (group, [0.0 if i == k else 0.5 for k in range(3)])
    rows = [
        (f"{name}-{seed}", name, focus, seed, 200, *parts, 12, 30.0)
        for name, (focus, parts) in shares.items()
        for seed in range(3)
    ]
    columns = ["fit", "composition", "focus", "seed", "images", *(f"share_{group}" for group in GROUPS)]
    return pd.DataFrame(rows, columns=[*columns, "epochs", "seconds"])


def scores() -> pd.DataFrame:
    random = np.random.default_rng(8)
    rows = []
    for fit in fits().to_dict("records"):
        for group in GROUPS:
            value = 0.4 + 0.03 * (fit[f"share_{group}"] - 1 / 3) + random.normal(0, 0.008)
            rows.append((fit["fit"], fit["composition"], fit["focus"], fit["seed"], group, value, 120, 40))
    columns = ["fit", "composition", "focus", "seed", "group", "image_iou", "n_images", "n_subjects"]
    return pd.DataFrame(rows, columns=columns)


def composition() -> pd.DataFrame:
    table = scores().merge(fits()[["fit", *(f"share_{group}" for group in GROUPS)]], on="fit")
    table["share"] = [row[f"share_{row['group']}"] for row in table.to_dict("records")]
    others = table.groupby("fit")["image_iou"].transform("sum") - table["image_iou"]
    table["relative"] = table["image_iou"] - others / 2
    means = table.groupby(["composition", "focus", "group"], sort=False, as_index=False)[
        ["share", "image_iou", "relative"]
    ].mean()
    means = means.rename(columns={"image_iou": "value"})
    return means.assign(low=means["relative"] - 0.012, high=means["relative"] + 0.012, n_seeds=3)


def composition_slope() -> pd.DataFrame:
    return pd.DataFrame([{"slope": 0.0042, "low": 0.0018, "high": 0.0066, "p_value": 0.001, "n_fits": 21}])


def model_gaps() -> pd.DataFrame:
    rows = [(cohort, 0.03, 0.012, 0.018, 0.004, 0.03, 0.02) for cohort in ("balanced", "wild", "counterfactual")]
    return pd.DataFrame(rows, columns=["cohort", "gap_first", "gap_second", "difference", "low", "high", "p_value"])


def quality() -> pd.DataFrame:
    values = {
        "model_agreement": 0.62,
        "flip_consistency": 0.48,
        "scale_consistency": 0.51,
        "entropy": -0.66,
        "plausibility": 0.2,
    }
    rows = [
        (measure, model, value * (0.9 if model == "pspnet" else 1), value - 0.1, value + 0.09, 360, 120)
        for (measure, value), model in itertools.product(values.items(), MODELS)
    ]
    return pd.DataFrame(rows, columns=["measure", "model", "correlation", "low", "high", "n_images", "n_subjects"])


def quality_pictures() -> pd.DataFrame:
    random = np.random.default_rng(2)
    rows = []
    for measure, model in itertools.product(dict.fromkeys(quality()["measure"]), MODELS):
        score = random.normal(0.55, 0.1, 60).clip(0, 1)
        value = score + random.normal(0, 0.1, 60)
        rows += [(measure, model, v, s) for v, s in zip(value, score, strict=True)]
    return pd.DataFrame(rows, columns=["measure", "model", "value", "image_iou"])


def photos_quality() -> pd.DataFrame:
    rows = [
        (f"{group}_{emotion}", group, emotion, model, "model_agreement", 0.7)
        for group, emotion, model in itertools.product(GROUPS, EMOTIONS, MODELS)
    ]
    return pd.DataFrame(rows, columns=["image_id", "group", "emotion", "model", "measure", "value"])


@pytest.fixture(scope="session")
def counterfactual() -> dict[str, pd.DataFrame]:
    """Stem -> table of the stage ``07_counterfactual_fairness``; tests copy what they change."""
    makers = (
        effects, pairs, tones, sources, adjusted, equivalence, model_gaps, classes, traps, features, composition,
        composition_slope, quality, photos_quality,
    )  # fmt: skip
    return {make.__name__: make() for make in makers}


@pytest.fixture(scope="session")
def composition_fits() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The tables fits.csv and scores.csv of the stage ``composition``."""
    return fits(), scores()


@pytest.fixture(scope="session")
def halves() -> Callable[[int, int], tuple[np.ndarray, np.ndarray]]:
    """Makes (count, seed) -> pictures, bright above, dark below, the border anywhere; labels are hair and face."""

    def make(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
        border = np.random.default_rng(seed).integers(8, 24, count)
        above = np.arange(32)[None, :, None] < border[:, None, None]  # (N, 32, 1)
        labels = np.broadcast_to(np.where(above, 5, 4), (count, 32, 32)).astype(np.uint8)
        images = np.repeat(np.where(labels == 5, 220, 40)[..., None], 3, -1).astype(np.uint8)
        return images, labels

    return make
