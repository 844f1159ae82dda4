"""The live counterfactual explorer: change one thing about a person and see what the networks predict."""

from __future__ import annotations

import dataclasses
import html
import time
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets
import numpy as np

# Imported here and not in the drawing thread: the import parses kernels, and Python before 3.11.8 occasionally fails if
# two threads parse at once.
import facefair_heads.camera.render  # noqa: F401
from facefair_heads.people.expressions import EMOTIONS
from facefair_heads.people.person import GROUPS, HAIR_STYLES
from facefair_heads.people.shots import LIGHTS
from facefair_lib.explore import controls, drawing, palettes
from facefair_lib.explore.latest_worker import LatestWorker
from facefair_lib.explore.person_controls import Choices
from facefair_lib.scores import titles
from facefair_lib.scores.metrics import iou_per_class, mean_iou
from facefair_lib.settings import labels
from facefair_lib.settings.shipped import SHIPPED
from facefair_lib.store import stages

if TYPE_CHECKING:
    from collections.abc import Iterable

    from facefair_lib.explore.person_renderer import Look, Studio
    from facefair_lib.models.packed import Fitted
    from facefair_lib.study.open import Study

FIRST_PERSON = 3
_PEOPLE = 40
_QUALITY = {True: "full quality", False: "draft"}


def explore_person(study: Study | str) -> PersonExplorer:
    """Change a rendered person and see the networks' masks; see ``explore.counterfactual``."""
    profile = study if isinstance(study, str) else study.settings.name
    if profile != SHIPPED:
        controls.check_has_run(profile)
    return PersonExplorer(profile)


class PersonExplorer(widgets.VBox):
    """Controls beside a picture, its truth, the networks' segmentations and their scores.

    Renderer and networks are loaded for the first picture, in the worker's thread, so that the page appears at once.
    """

    def __init__(self, profile: str) -> None:
        super().__init__()
        self._profile = profile
        self._studio: Studio | None = None
        self._look: Look | None = None
        self._kept: dict[str, np.ndarray] = {}  # model -> (11, 11) counts of the picture to compare with
        self._asked = 0.0
        self.pictures, self.status, self.scores, self.weights = (controls.text() for _ in range(4))
        self._make_controls()
        opacity, style = controls.opacity_control(self)
        keep = controls.button("Compare with this picture", self.keep)
        view = controls.row(*self.models.values(), self.mode, self.palette, opacity, keep)
        left = controls.column(*self.choices.values())
        right = widgets.VBox(
            [self.status, self.pictures, self.scores, self.weights], layout=widgets.Layout(flex="1 1 32rem")
        )
        body = widgets.HBox([left, right], layout=widgets.Layout(flex_flow="row wrap", grid_gap="8px 24px"))
        self.children = [controls.panel([view, body, style])]
        self.status.value = '<span role="status">Opening the renderer and the networks …</span>'
        self._worker: LatestWorker[tuple[Any, tuple[str, ...]]] = LatestWorker(self._work, self._fail)
        self._ask()

    def _make_controls(self) -> None:
        first = dataclasses.asdict(Choices.of_person(FIRST_PERSON))
        people = {f"Person {number}": number for number in range(_PEOPLE)}
        self.choices: dict[str, widgets.Widget] = {
            "number": controls.dropdown("Person", people, FIRST_PERSON),
            "group": controls.dropdown("Face shape of group", _titled(GROUPS), first["group"]),
            "skin_tone": controls.slider("Skin tone (Monk)", 1, 10, 0.5, first["skin_tone"]),
            "age": controls.slider("Age", 18, 80, 1, first["age"]),
            "emotion": controls.dropdown("Emotion", _titled(EMOTIONS), first["emotion"]),
            "intensity": controls.slider("Intensity", 0, 1, 0.05, first["intensity"]),
            "yaw": controls.slider("Turn of the head (°)", -90, 90, 1, first["yaw"]),
            "light": controls.dropdown("Light", _titled(LIGHTS), first["light"]),
            "hair": controls.dropdown("Hair", _titled(HAIR_STYLES), first["hair"]),
        }
        self.models = {model: controls.checkbox(titles.title(model)) for model in stages.TRAINING_STAGES}
        self.mode = controls.dropdown("View", {"Segmentation": "mask", "Errors": "errors"})
        self.palette = controls.dropdown("Colours", {title: name for name, title in palettes.PALETTE_TITLES.items()})
        self.choices["number"].observe(self._meet, "value")
        for name, choice in self.choices.items():
            if name != "number":
                choice.observe(self._ask, "value")
        for box in self.models.values():
            box.observe(self._ask, "value")
        for control in (self.mode, self.palette):
            control.observe(self._draw, "value")

    def chosen(self) -> Choices:
        """The values of the controls."""
        return Choices(**{name: choice.value for name, choice in self.choices.items()})

    def keep(self) -> None:
        """Measure changes from the current picture."""
        if self._look is not None:
            self._kept = dict(self._look.counts)
            self._draw()

    def close(self) -> None:
        """Stop rendering."""
        self._worker.close()
        super().close()

    def _meet(self, change: dict[str, Any]) -> None:
        """Set every control to the values of a newly chosen person, and request one picture."""
        self._kept = {}
        drawn = dataclasses.asdict(Choices.of_person(change["new"]))
        for name, choice in self.choices.items():
            if name != "number":
                choice.unobserve(self._ask, "value")
                choice.value = drawn[name]
                choice.observe(self._ask, "value")
        self._ask()

    def _ask(self, *_: object) -> None:
        self._asked = time.perf_counter()
        self._worker.submit((self.chosen(), tuple(model for model, box in self.models.items() if box.value)))

    def _work(self, asked: tuple[Choices, tuple[str, ...]], fine: bool) -> None:
        choices, models = asked
        if self._studio is None:
            from facefair_lib.explore.person_renderer import Studio  # torch takes seconds to open

            self._studio = Studio(self._profile)
            self.weights.value = weights_line(self._studio.networks.values())
            self._asked = time.perf_counter()
        look = self._studio.look(choices, models, fine, self._worker.is_stale if fine else lambda: False)
        if look is None:
            return
        self._look = look
        if fine:
            self._kept = {**look.counts, **self._kept}
        self._draw()
        self._tell(look)

    def _tell(self, look: Look) -> None:
        spent = [f"{titles.title(name)} {value:.0f} ms" for name, value in look.milliseconds.items()]
        whole = "" if look.fine else f" · from change to picture {1000 * (time.perf_counter() - self._asked):.0f} ms"
        self.status.value = f'<span role="status">{" · ".join(spent)}{whole} · {_QUALITY[look.fine]}</span>'

    def _fail(self, error: Exception) -> None:
        text = html.escape(str(error)).replace("\n", "<br>")
        self.status.value = f'<span role="alert" class="facefair-error">{type(error).__name__}: {text}</span>'

    def _draw(self, *_: object) -> None:
        if self._look is not None:
            self.pictures.value = draw_look(self._look, self.mode.value, palettes.colour_table(self.palette.value))
            self.scores.value = score_table(self._look, self._kept, palettes.colour_table(self.palette.value))


def weights_line(networks: Iterable[Fitted]) -> str:
    """Write which weights the networks have, as HTML."""
    told = "<br>".join(html.escape(fitted.told) for fitted in networks)
    return f'<p class="facefair-note">Weights: {told}</p>'


def draw_look(look: Look, mode: str, table: np.ndarray) -> str:
    """Write picture, truth and segmentations side by side, as HTML."""
    shown = drawing.shown_classes(labels.CLASS_NAMES[1:])
    picture = drawing.png(look.rgb)
    truth = drawing.stack(picture, drawing.mask_png(look.label, table, shown), "True classes of the picture")
    cells = [("Picture", "as rendered", drawing.stack(picture, None, describe(look))), ("Truth", "exact", truth)]
    for model, mask in look.masks.items():
        errors = mode == "errors"
        overlay = drawing.error_png(look.label, mask, shown) if errors else drawing.mask_png(mask, table, shown)
        score = f"mean IoU {float(mean_iou(look.counts[model])):.1%}"
        told = f"{'Errors' if errors else 'Segmentation'} of {titles.title(model)}, {score}"
        cells.append((titles.title(model), score, drawing.stack(picture, overlay, told, grey=errors)))
    legend = f"<p>{drawing.error_legend()}</p>" if mode == "errors" else ""
    return drawing.line_of_figures([(content, f"<b>{title}</b><br>{told}") for title, told, content in cells]) + legend


def describe(look: Look) -> str:
    """Describe who is shown and how, for screen readers and to tell one picture from the previous one."""
    chosen = look.choices
    group, emotion, light, hair = (
        titles.title(key) for key in (chosen.group, chosen.emotion, chosen.light, chosen.hair)
    )
    return (
        f"Person {chosen.number} in {_QUALITY[look.fine]}: face shape of group {group}, "
        f"skin tone {chosen.skin_tone:g}, age {chosen.age:.0f}, {emotion} at intensity {chosen.intensity:.2f}, "
        f"turned by {chosen.yaw:.0f}°, light: {light}, hair: {hair}"
    )


def score_table(look: Look, kept: dict[str, np.ndarray], table: np.ndarray) -> str:
    """Write a table of the IoU of each class that is present or predicted, with its change from the kept picture."""
    present = [k for k in range(labels.NUM_CLASSES) if any(c[k].sum() + c[:, k].sum() for c in look.counts.values())]
    columns = ["Class", "Share of picture"]
    for model in look.counts:
        columns += [f"{titles.title(model)} IoU", "change"]
    rows = [_score_row("Mean over classes", "", look, kept, mean_iou)]
    for k in present:
        name = drawing.swatch(table[k], labels.CLASS_TITLES[k])
        share = f"{np.mean(look.label == k):.1%}"
        rows.append(_score_row(name, share, look, kept, lambda counts, k=k: iou_per_class(counts)[k]))
    head = "".join(f'<th scope="col">{cell}</th>' for cell in columns)
    caption = "<caption>Scores of this picture, per cent; changes are from the kept picture, in points</caption>"
    return f"<table>{caption}<thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _score_row(name: str, share: str, look: Look, kept: dict[str, np.ndarray], score: Any) -> str:
    cells = [share]
    for model, counts in look.counts.items():
        now = 100 * float(score(counts))
        before = 100 * float(score(kept[model])) if model in kept else np.nan
        cells += [_number(now, "{:.1f}"), _number(now - before, "{:+.1f}")]
    return f'<tr><th scope="row">{name}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _number(value: float, form: str) -> str:
    return form.format(value) if np.isfinite(value) else "–"


def _titled(keys: tuple[str, ...]) -> dict[str, str]:
    return {titles.title(key): key for key in keys}
