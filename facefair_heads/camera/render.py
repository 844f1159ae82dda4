"""Rendering: a person and a shot in, a picture and its exact labels out.

Every pixel is sampled on a regular grid. A sample's label is the class of what its ray hit, a pixel's label the class
of most of its samples; nothing drawn, blurred or resized can separate the label from the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import warp as wp

from facefair_heads.camera.background import background
from facefair_heads.camera.film import composite, develop
from facefair_heads.camera.scene_cache import SceneCache, Traced
from facefair_heads.geometry import regions
from facefair_heads.geometry.accessories import glasses_look
from facefair_heads.numerics import dot, rgb
from facefair_heads.people.label_rules import MUT1NY_RULES, LabelRules
from facefair_heads.people.person import Person
from facefair_heads.people.shots import Shot
from facefair_heads.shading.light import key_direction, lamps, light_hits
from facefair_heads.shading.materials import shade_hits
from facefair_heads.warp_runtime import scalars
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import INDEX

SMALLEST, LARGEST = 16, 1024
_FULL_DETAIL_SIZE = 512  # picture size from which all strands are grown
_LASH_OPACITY = (0.6, 0.22)  # of the upper and of the lower lashes


@dataclass(frozen=True)
class Rendering:
    """A picture and its ground truth.

    Attributes
    ----------
    rgb : (S, S, 3) uint8, sRGB
    label : (S, S) uint8, class indices of ``facefair_lib.settings.labels``
    coverage : (S, S) float32 in [0, 1], share of a pixel's samples that hit a person, clothes included
    """

    rgb: np.ndarray
    label: np.ndarray
    coverage: np.ndarray


@dataclass
class Samples:
    """The samples of one person's picture.

    ``colour`` (n, n, 3) linear; ``transmission`` (n, n) of what is behind; ``label`` (n, n) uint8; ``hit`` (n, n) bool.
    """

    colour: np.ndarray
    transmission: np.ndarray
    label: np.ndarray
    hit: np.ndarray


def check_size(size: int, samples: int) -> None:
    """Raise ``InputError`` unless a picture of that size can be rendered."""
    if not isinstance(size, (int, np.integer)) or not SMALLEST <= size <= LARGEST:
        raise InputError(
            "size", found=repr(size), expected=f"{SMALLEST} to {LARGEST} whole pixels", do="give size= in that range"
        )
    if not isinstance(samples, (int, np.integer)) or not 1 <= samples <= 4:
        raise InputError(
            "samples", found=repr(samples), expected="1 to 4 samples per pixel and axis", do="give samples=2"
        )


def sample(
    person: Person,
    shot: Shot,
    side: int,
    detail: float,
    surroundings: np.ndarray,
    *,
    cache: SceneCache | None = None,
    rules: LabelRules = MUT1NY_RULES,
) -> Samples:
    """Cast a square grid of rays at a person and light what they hit.

    Parameters
    ----------
    side : samples per row and column
    detail : see ``build_scene``
    surroundings : (3,) linear mean colour of the background
    cache, rules : see ``render``
    """
    traced = (cache or SceneCache()).trace(person, shot, side, detail)
    hits = traced.hits
    label, surface = shade_hits(hits, traced.cavity, person, shot, rules)
    lights = lamps(shot.light, traced.view, surroundings)
    samples = Samples(
        light_hits(hits, surface, traced.lit, traced.open_sky, lights, shot.light, side * side),
        np.ones(side * side, np.float32),
        np.full(side * side, INDEX["background"], np.uint8),
        np.zeros(side * side, bool),
    )
    samples.transmission[hits.ray] = 0
    samples.label[hits.ray] = label
    samples.hit[hits.ray] = True
    _add_overlay(samples, traced, person, shot, rules)
    return Samples(*(getattr(samples, name).reshape(side, side, *shape) for name, shape in _SHAPES.items()))


_SHAPES = {"colour": (3,), "transmission": (), "label": (), "hit": ()}


def _add_overlay(samples: Samples, traced: Traced, person: Person, shot: Shot, rules: LabelRules) -> None:
    """Lay lashes and lenses, which let light through, over what was hit behind them."""
    overlay = traced.overlay
    lashes, lens = overlay.ray[~overlay.is_lens], overlay.ray[overlay.is_lens]
    opacity = np.where(overlay.height[~overlay.is_lens] > regions.LEFT_EYE[1], *_LASH_OPACITY).astype(np.float32)
    dark = rgb(0.012, 0.008, 0.007) * opacity[:, None]
    samples.colour[lashes] = samples.colour[lashes] * (1 - opacity[:, None]) + dark
    samples.transmission[lashes] *= 1 - opacity
    if not len(lens):
        return
    tint, dark = glasses_look(person).lens_tint, person.glasses == "sunglasses"
    rays, normal = traced.rays[lens], overlay.normal[overlay.is_lens]
    facing = dot(rays, normal)[:, None]
    mirrored = rays - 2 * facing * normal
    key = key_direction(shot.light, traced.view)
    sky = np.clip(0.5 + 0.5 * mirrored[:, 1:2], 0, 1) ** 2 * rgb(0.75, 0.85, 1.0) * shot.light.ambient
    sky = sky + np.clip(dot(mirrored, key[None]), 0, 1)[:, None] ** 60 * 3 * shot.light.key
    reflected = sky * (0.05 + 0.6 * (1 - np.abs(facing)) ** 4) * (2.2 if dark else 1.0)
    samples.colour[lens] = samples.colour[lens] * tint + reflected
    samples.transmission[lens] *= tint
    samples.hit[lens] = True
    if dark or rules.clear_lenses == "specs":  # else a clear lens is labelled as what is seen through it
        samples.label[lens] = INDEX["specs"]


def vote(label: np.ndarray, samples: int) -> np.ndarray:
    """Most frequent class of each pixel's samples, the lowest class index on a tie: (n, n) -> (n / samples, ...)."""
    size = len(label) // samples
    winner = wp.empty(size * size, dtype=wp.int32)
    counted = scalars(label.astype(np.int32).ravel(), wp.int32)
    wp.launch(_vote, size * size, [counted, size, samples], [winner])
    return winner.numpy().astype(np.uint8).reshape(size, size)


@wp.kernel
def _vote(label: wp.array(dtype=wp.int32), size: int, samples: int, winner: wp.array(dtype=wp.int32)):
    i = wp.tid()
    first = (i // size) * samples * samples * size + (i % size) * samples
    most = wp.int32(0)
    chosen = label[first]
    mixed = wp.int32(0)
    for k in range(samples * samples):
        if label[first + (k // samples) * samples * size + k % samples] != chosen:
            mixed = 1
    if mixed == 0:  # as most pixels are
        winner[i] = chosen
        return
    for k in range(samples * samples):
        candidate = label[first + (k // samples) * samples * size + k % samples]
        count = wp.int32(0)
        for j in range(samples * samples):
            if label[first + (j // samples) * samples * size + j % samples] == candidate:
                count += 1
        if count > most or (count == most and candidate < chosen):
            most = count
            chosen = candidate
    winner[i] = chosen


def detail_for(size: int) -> float:
    """Share of strands that a picture of this size can show."""
    return float(np.clip(size / _FULL_DETAIL_SIZE, 0.2, 1.0))


def render(
    person: Person,
    shot: Shot,
    size: int = 128,
    samples: int = 2,
    *,
    rules: LabelRules = MUT1NY_RULES,
    cache: SceneCache | None = None,
    device: str = "cpu",
) -> Rendering:
    """Render one person.

    Parameters
    ----------
    size : width and height in pixels, 16 to 1024
    samples : samples per pixel along each axis, 1 to 4
    rules : conventions of the labels
    cache : keeps the scene between calls that change only camera, light or colours
    device : Warp's name of the device, such as "cuda:0"; only on "cpu" are bytes the same everywhere

    Raises
    ------
    InputError
        for a size or a number of samples out of range
    """
    check_size(size, samples)
    behind = background(shot, size)
    with wp.ScopedDevice(device):
        surroundings = behind.mean((0, 1))
        seen = sample(person, shot, size * samples, detail_for(size), surroundings, cache=cache, rules=rules)
        label = vote(seen.label, samples)
        picture = develop(composite(seen.colour, seen.transmission, shot.light.backdrop * behind), shot)
    coverage = seen.hit.reshape(size, samples, size, samples).mean((1, 3), dtype=np.float32)
    return Rendering(picture, label, coverage)
