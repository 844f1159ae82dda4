"""Small results in the shape of the stages' tables, and a reader of what a figure shows."""

import itertools

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from facefair_lib.scores import titles
from facefair_lib.settings import labels

SIDE = 24


@pytest.fixture
def random():
    return np.random.default_rng(3)


@pytest.fixture
def images(random):
    return random.integers(0, 256, (9, SIDE, SIDE, 3), np.uint8)


@pytest.fixture
def masks(random):
    return random.integers(0, labels.NUM_CLASSES, (9, SIDE, SIDE), np.uint8)


@pytest.fixture
def people():
    """Nine people, listed against the order of the figure."""
    pairs = list(itertools.product(titles.GROUP_TITLES, titles.EMOTION_TITLES))[::-1]
    rows = [
        {"group": group, "emotion": emotion, "gender": "female", "age": 30.4 + i}
        for i, (group, emotion) in enumerate(pairs)
    ]
    return pd.DataFrame(rows).assign(deeplabv3_iou=np.linspace(0.5, 0.9, 9), pspnet_iou=np.nan)


@pytest.fixture
def history():
    rows = []
    for epoch, split in itertools.product(range(1, 7), ("train", "validation")):
        score = 0.5 + 0.05 * epoch - 0.04 * (split == "validation")
        scores = dict.fromkeys(("accuracy", "precision", "recall", "f1", "iou"), score)
        rows.append({"epoch": epoch, "split": split, "loss": 1 / epoch, **scores})
    return pd.DataFrame(rows)


@pytest.fixture
def classes():
    """Both models on every class; teeth occur in no image."""
    rows = []
    for (model, lift), (index, name) in itertools.product(
        (("deeplabv3", 0.05), ("pspnet", 0.0)), enumerate(labels.CLASS_NAMES)
    ):
        absent = name == "teeth"
        value = np.nan if absent else 0.4 + 0.03 * index + lift
        rows.append((model, name, "iou", value, value - 0.02, value + 0.03, 0 if absent else 100 + index))
    return pd.DataFrame(rows, columns=["model", "class", "metric", "value", "low", "high", "n_images"])


@pytest.fixture
def differences():
    values = np.linspace(-0.05, 0.1, labels.NUM_CLASSES)
    table = pd.DataFrame({"class": labels.CLASS_NAMES, "metric": "iou", "difference": values})
    return table.assign(low=values - 0.02, high=values + 0.02)


@pytest.fixture
def cells():
    """Twenty-four people in every cell, three in black / angry, none in caucasian / happy."""
    rows = []
    grid = itertools.product(("deeplabv3", "pspnet"), titles.GROUP_TITLES, titles.EMOTION_TITLES)
    for i, (model, group, emotion) in enumerate(grid):
        people = {("black", "angry"): 3, ("caucasian", "happy"): 0}.get((group, emotion), 24)
        value = 0.6 + 0.01 * i if people else np.nan
        rows.append((model, group, emotion, "image_iou", value, people, people))
    return pd.DataFrame(rows, columns=["model", "group", "emotion", "metric", "value", "n_images", "n_subjects"])


@pytest.fixture
def groups():
    rows = [
        (model, group, "image_iou", 0.6 + 0.05 * i, 0.55 + 0.05 * i, 0.68 + 0.05 * i, 50 + i)
        for model in ("deeplabv3", "pspnet")
        for i, group in enumerate(titles.GROUP_TITLES)
    ]
    return pd.DataFrame(rows, columns=["model", "group", "metric", "value", "low", "high", "n_subjects"])


@pytest.fixture
def shares():
    share = np.array([0.61, 0.006, 0.004, 0.015, 0.17, 0.17, 0.006, 0.004, 0.0, 0.012, 0.003])
    rows = [
        {"split": split, "class": name, "pixels": int(1e6 * value), "share": value, "images": 10}
        for split in ("test", "train", "validation")
        for name, value in zip(labels.CLASS_NAMES[::-1], share[::-1], strict=True)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def flow():
    rows = [
        ("read", 16557, 38, 0),
        ("exact duplicates removed", 15120, 38, 1437),
        ("near-duplicates removed", 14012, 38, 1108),
        ("subsample", 2096, 38, 11916),
        ("train", 1467, 26, 0),
        ("validation", 210, 6, 0),
        ("test", 419, 6, 0),
    ]
    return pd.DataFrame(rows, columns=["step", "images", "people", "removed"])


def shown_texts(figure: Figure) -> list[Text]:
    """Every text that the figure draws: no empty ones, no tick labels beyond the ends of an axis."""
    found = [*figure.texts, *itertools.chain.from_iterable(legend.get_texts() for legend in figure.legends)]
    for axes in figure.axes:
        if axes.get_legend():
            found += axes.get_legend().get_texts()
        found += [*axes.texts, axes.title, axes._left_title, *_axis_texts(axes)]
    return [text for text in found if text.get_visible() and text.get_text().strip()]


def _axis_texts(axes: Axes) -> list[Text]:
    if not axes.axison:
        return []
    found = [axes.xaxis.label, axes.yaxis.label]
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        found += [
            tick.label1
            for tick in axis.get_major_ticks()
            if low <= tick.get_loc() <= high and tick.label1.get_visible()
        ]
    return found


@pytest.fixture
def assert_legible():
    """Check that nothing leaves the figure and that no two texts touch."""

    def check(figure: Figure) -> None:
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        width, height = figure.get_size_inches()
        drawn = figure.get_tightbbox(renderer)  # inches
        assert min(drawn.x0, drawn.y0) > -0.01 and drawn.x1 < width + 0.01 and drawn.y1 < height + 0.01, drawn
        boxes = [(text.get_text(), text.get_window_extent(renderer).padded(-1)) for text in shown_texts(figure)]
        assert boxes
        touching = [(a, b) for (a, first), (b, second) in itertools.combinations(boxes, 2) if first.overlaps(second)]
        assert not touching, touching

    return check
