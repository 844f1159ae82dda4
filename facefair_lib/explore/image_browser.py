"""The image browser: pictures, truth and segmentations side by side, with filters and sorting."""

from __future__ import annotations

import html
from functools import lru_cache
from typing import TYPE_CHECKING

import ipywidgets as widgets
import numpy as np
import pandas as pd

from facefair_lib.explore import controls, drawing, palettes
from facefair_lib.explore.picture_list import ATTRIBUTES, EVERY, Gallery, gallery_of_arrays, gallery_of_study
from facefair_lib.scores import titles
from facefair_lib.settings import labels

if TYPE_CHECKING:
    from facefair_lib.study.open import Study

_FACTS = {
    "group": "{}", "gender": "{}", "age": "age {:.0f}", "emotion": "{}", "skin_tone": "skin tone {:.0f}",
    "yaw": "turned {:.0f}°", "light": "{} light", "split": "{} picture",
}  # fmt: skip


def browse_study(study: Study | str) -> ImageBrowser:
    """Browse the pictures of a study; see ``explore.images``."""
    return ImageBrowser(gallery_of_study(controls.profile_of(study)))


def browse_pictures(
    table: pd.DataFrame, images: np.ndarray, masks: np.ndarray, predictions: dict[str, np.ndarray]
) -> ImageBrowser:
    """Browse pictures in memory; see ``explore.pictures``."""
    return ImageBrowser(gallery_of_arrays(table, images, masks, predictions))


class ImageBrowser(widgets.VBox):
    """A page of pictures with controls above it."""

    def __init__(self, gallery: Gallery) -> None:
        super().__init__()
        self.gallery = gallery
        self.models = list(gallery.predictions)
        self.rows = np.arange(len(gallery.table))  # rows of the chosen pictures, in order
        self._picture = lru_cache(256)(lambda row: drawing.png(np.asarray(gallery.images[row])))
        self._make_controls()
        self.page, self.status = controls.text(), controls.text()
        self.opacity, style = controls.opacity_control(self)
        legend = widgets.VBox([widgets.HTML("<b>Classes drawn</b>"), self._legend()])
        view = controls.row(self.mode, self.palette, self.opacity, self.page_size)
        paging = controls.row(self.previous, self.next, self.page_number, self.status)
        parts = [controls.row(*self.filters.values(), self.shown_class, self.order), view, legend, paging]
        self.children = [controls.panel([*parts, self.page, style])]
        self._choose()

    def _make_controls(self) -> None:
        known = {name: self.gallery.values(name) for name in ATTRIBUTES}
        self.filters = {
            name: controls.dropdown(name.capitalize(), {"all": EVERY} | {titles.title(v): v for v in values})
            for name, values in known.items()
            if values
        }
        if self.models and "test" in known["split"]:  # these have been segmented
            self.filters["split"].value = "test"
        present = {f.title: f.name for f in labels.CLASSES if self.gallery.shows[:, f.index].any()}
        self.shown_class = controls.dropdown("Shows", {"any class": EVERY} | present)
        orders = {f"{titles.title(model)}, worst first": model for model in self.models}
        self.order = controls.dropdown("Order", {"as stored": EVERY} | orders)
        self.mode = controls.dropdown("View", {"Segmentation": "mask", "Errors": "errors"})
        self.palette = controls.dropdown("Colours", {title: name for name, title in palettes.PALETTE_TITLES.items()})
        self.page_size = controls.dropdown("Pictures per page", [2, 4, 8, 16], 4)
        self.page_number = controls.whole_number("Page")
        self.previous = controls.button("Previous page", lambda: self._turn(-1))
        self.next = controls.button("Next page", lambda: self._turn(1))
        for control in (*self.filters.values(), self.shown_class, self.order, self.page_size):
            control.observe(self._choose, "value")
        for control in (self.mode, self.palette, self.page_number):
            control.observe(self._draw, "value")

    def _legend(self) -> widgets.HBox:
        self.classes = {entry.name: controls.checkbox(entry.title, entry.index != 0) for entry in labels.CLASSES}
        self._swatches = {name: widgets.HTML() for name in self.classes}
        for box in self.classes.values():
            box.observe(self._draw, "value")
        pairs = [widgets.HBox([self._swatches[name], box]) for name, box in self.classes.items()]
        every = controls.button("Draw all classes", lambda: self._tick(True))
        return controls.row(*pairs, every, controls.button("Draw none", lambda: self._tick(False)))

    def _tick(self, value: bool) -> None:
        for box in self.classes.values():
            box.unobserve(self._draw, "value")
            box.value = value
            box.observe(self._draw, "value")
        self._draw()

    def _turn(self, step: int) -> None:
        self.page_number.value = min(max(self.page_number.value + step, 1), self.page_number.max)

    def _choose(self, *_: object) -> None:
        chosen = {name: control.value for name, control in self.filters.items()}
        self.rows = self.gallery.select(chosen, self.shown_class.value, self.order.value)
        self.page_number.unobserve(self._draw, "value")
        self.page_number.max = max(1, -(-len(self.rows) // self.page_size.value))
        self.page_number.value = 1
        self.page_number.observe(self._draw, "value")
        self._draw()

    def _draw(self, *_: object) -> None:
        first = (self.page_number.value - 1) * self.page_size.value
        rows = self.rows[first : first + self.page_size.value]
        self.previous.disabled, self.next.disabled = first == 0, first + len(rows) >= len(self.rows)
        table = palettes.colour_table(self.palette.value)
        for entry in labels.CLASSES:
            self._swatches[entry.name].value = drawing.swatch(table[entry.index], "")
        range_ = f"pictures {first + 1} to {first + len(rows)} of {len(self.rows)}" if len(rows) else "no such picture"
        errors = f" · {drawing.error_legend()}" if self.mode.value == "errors" else ""
        self.status.value = f'<span role="status">{range_}{errors}</span>'
        shown = drawing.shown_classes([name for name, box in self.classes.items() if box.value])
        self.page.value = "".join(self._row(int(row), table, shown) for row in rows)

    def _row(self, row: int, table: np.ndarray, shown: np.ndarray) -> str:
        """Draw one row of the page: a picture, its truth, and every network's segmentation."""
        record = self.gallery.table.iloc[row]
        name, picture, truth = str(record["image_id"]), self._picture(row), np.asarray(self.gallery.labels[row])
        figures = [(drawing.stack(picture, None, f"Picture {name}"), _facts(record))]
        has_truth = bool((truth != labels.IGNORE_INDEX).any())
        overlay = drawing.mask_png(truth, table, shown) if has_truth else None
        caption = "<b>Truth</b>" if has_truth else "no mask exists"
        figures.append((drawing.stack(picture, overlay, f"True classes of {name}: {_classes(truth)}"), caption))
        for model in self.models:
            prediction = self.gallery.predictions[model].get(row)
            title = titles.title(model)
            if prediction is None:
                note = f'<b>{title}</b><br><span class="facefair-note">segments test pictures only</span>'
                figures.append(("", note))
                continue
            scores = _scores(record, model)
            if self.mode.value == "errors":
                overlay = drawing.error_png(truth, prediction, shown)
            else:
                overlay = drawing.mask_png(prediction, table, shown)
            told = f"{self.mode.label} by {title} of {name}. {scores}"
            stack = drawing.stack(picture, overlay, told, grey=self.mode.value == "errors")
            figures.append((stack, f"<b>{title}</b><br>{scores}"))
        return drawing.line_of_figures(figures)


def _scores(record: pd.Series, model: str) -> str:
    """Write a picture's scores; a picture without labels has none."""
    iou, f1, accuracy = (record[f"{model}_{name}"] for name in ("image_iou", "image_f1", "accuracy"))
    if not np.isfinite(iou):
        return "no score: nothing is labelled"
    return f"IoU {iou:.1%} · F1 {f1:.1%} · accuracy {accuracy:.1%}"


def _facts(record: pd.Series) -> str:
    known = [name for name in _FACTS if name in record and pd.notna(record[name]) and record[name] != ""]
    words = [_FACTS[name].format(_as_said(record[name])) for name in known]
    return f"<b>{html.escape(str(record['image_id']))}</b><br>{html.escape(', '.join(words))}"


def _as_said(value: object) -> object:
    """Write a value of the manifest as it is read in a sentence; numbers stay as they are."""
    return titles.GROUP_TITLES.get(value, value.replace("_", " ")) if isinstance(value, str) else value


def _classes(mask: np.ndarray) -> str:
    return ", ".join(title for index, title in enumerate(labels.CLASS_TITLES) if index in mask) or "none"
