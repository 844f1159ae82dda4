"""Rendering and segmenting one picture, fast enough to follow a slider."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import torch

from facefair_heads.camera.render import render
from facefair_heads.camera.scene_cache import SceneCache
from facefair_lib.explore.person_controls import Choices
from facefair_lib.models.trained import trained_network
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.settings.profiles import ONE_VIEW, InferenceSettings
from facefair_lib.store import stages
from facefair_lib.training.batches import normalise
from facefair_lib.training.predict import mean_probability

_SCENES_KEPT = 6  # about 30 MB each: switching between two groups rebuilds no scene


@dataclass(frozen=True)
class Look:
    """One picture and the networks' segmentations of it.

    Attributes
    ----------
    choices : the person and shot that are shown
    rgb, label : (S, S, 3) and (S, S) uint8
    masks : model -> (S, S) uint8
    counts : model -> (11, 11) int64, rows = truth
    milliseconds : step -> time spent; "render", then the models
    fine : False for a draft of one sample per pixel and one view
    """

    choices: Choices
    rgb: np.ndarray
    label: np.ndarray
    masks: dict[str, np.ndarray]
    counts: dict[str, np.ndarray]
    milliseconds: dict[str, float]
    fine: bool


class Studio:
    """Renders people and segments them with both networks of a study, or of the package.

    Parameters
    ----------
    profile : see ``trained_network``

    Notes
    -----
    A picture is segmented on one core: at this size a second one gains nothing, and on a busy machine two threads that
    wait for each other take a hundred times as long.
    """

    def __init__(self, profile: str) -> None:
        self.networks = {model: trained_network(model, profile) for model in stages.TRAINING_STAGES}
        self.size = max(fitted.size for fitted in self.networks.values())
        self._scenes: OrderedDict[tuple, SceneCache] = OrderedDict()

    def look(
        self, choices: Choices, models: Iterable[str], fine: bool, is_stale: Callable[[], bool] = lambda: False
    ) -> Look | None:
        """Render and segment a person; None if ``is_stale`` is true between two steps."""
        begin = time.perf_counter()
        cache = self._scene_of(choices)
        seen = render(choices.person(), choices.shot(), self.size, 2 if fine else 1, cache=cache)
        milliseconds = {"render": 1000 * (time.perf_counter() - begin)}
        masks = {}
        for model in models:
            if is_stale():
                return None
            begin = time.perf_counter()
            fitted = self.networks[model]
            views = fitted.views if fine else fitted.views.model_copy(update={"views": ONE_VIEW.views})
            masks[model] = segment(fitted.network, seen.rgb, views)
            milliseconds[model] = 1000 * (time.perf_counter() - begin)
        counts = {model: confusion_counts(seen.label[None], mask[None])[0] for model, mask in masks.items()}
        return Look(choices, seen.rgb, seen.label, masks, counts, milliseconds, fine)

    def _scene_of(self, choices: Choices) -> SceneCache:
        """The cache of the scene that these choices need; camera, light and skin tone are not part of a scene."""
        key = (choices.number, choices.group, choices.age, choices.emotion, choices.intensity, choices.hair)
        self._scenes.setdefault(key, SceneCache())
        self._scenes.move_to_end(key)
        while len(self._scenes) > _SCENES_KEPT:
            self._scenes.popitem(last=False)
        return self._scenes[key]


def segment(network: torch.nn.Module, image: np.ndarray, views: InferenceSettings) -> np.ndarray:
    """Segment one picture on one core, (H, W, 3) uint8 -> (H, W) uint8."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            batch = torch.from_numpy(image.copy())[None].permute(0, 3, 1, 2)  # (1, 3, H, W)
            return mean_probability(network, normalise(batch), views)[0].argmax(0).to(torch.uint8).numpy()
    finally:
        torch.set_num_threads(threads)
