"""The part of a picture that colours do not change: its scene, what every ray meets, and where shadows fall.

A person in ten skin tones is ten pictures of one geometry. ``SceneCache`` keeps the last scene and what was traced in
it, so that only colours are computed for the other nine.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import warp as wp

from facefair_heads.camera.rasterise import visible
from facefair_heads.geometry import head_mesh
from facefair_heads.geometry.accessories import add_glasses
from facefair_heads.geometry.garments import add_garment, add_trunk
from facefair_heads.geometry.occluders import add_occluder
from facefair_heads.geometry.scene import LENS, Scene, SceneBuilder
from facefair_heads.geometry.wearables import add_earrings, add_headwear, add_scarf
from facefair_heads.hair.strands import Scalp
from facefair_heads.hair.styles import add_eyebrows, add_facial_hair, add_hair
from facefair_heads.numerics import normalised
from facefair_heads.people.person import HANGING_STYLES, Person
from facefair_heads.people.shots import Shot
from facefair_heads.shading.light import key_direction
from facefair_heads.shading.rays import Camera, Hits, camera, gather_hits, pixel_rays
from facefair_heads.shading.shadows import soft_shadows
from facefair_heads.warp_runtime import build_mesh, current_device, vectors


def build_scene(person: Person, shot: Shot, detail: float) -> Scene:
    """Build everything that can be seen; ``detail`` in (0, 1] is the share of strands to grow."""
    head, template = head_mesh.pose_head(person, shot), head_mesh.head_template()
    builder = SceneBuilder()
    builder.add(
        head.positions,
        head.normals,
        template.triangles,
        template.part,
        canonical=template.canonical,
        cavity=template.cavity,
        masks=np.stack([template.masks[name] for name in ("lips", "ears", "eyelids")], -1),
        shading=template.shading,
    )
    add_garment(builder, head, person)
    if head_mesh.shows_trunk(shot):
        add_trunk(builder, head)
    add_headwear(builder, head, person)
    add_earrings(builder, head, person)
    add_scarf(builder, head, person)
    add_occluder(builder, head, shot)
    scalp = Scalp(head, over_ears=person.hair in HANGING_STYLES)
    add_hair(builder, scalp, person, detail)
    add_facial_hair(builder, scalp, person, detail)
    add_eyebrows(builder, scalp, person, detail)
    add_glasses(builder, head, person)
    return builder.finish()


@dataclass(frozen=True)
class BuiltScene:
    """A scene, which triangles (T,) let light through (lashes and lenses), and the tree that shadow rays search."""

    world: Scene
    is_overlay: np.ndarray
    shading: wp.Mesh


@dataclass(frozen=True)
class Overlay:
    """Lashes and lenses in front of the rest; one row per sample that one of them covers.

    ``ray`` (K,) sample number; ``is_lens`` (K,) bool, lashes else; ``normal`` (K, 3) of the lens; ``height`` (K,), the
    canonical one.
    """

    ray: np.ndarray
    is_lens: np.ndarray
    normal: np.ndarray
    height: np.ndarray


@dataclass(frozen=True)
class Traced:
    """What the samples of one picture meet.

    ``rays`` (side * side, 3); ``hits`` with smooth normals; ``cavity`` (H,) of the triangles hit; ``lit`` and
    ``open_sky`` (H,), see ``shadows``. Read only: several pictures share them.
    """

    view: Camera
    rays: np.ndarray
    hits: Hits
    cavity: np.ndarray
    lit: np.ndarray
    open_sky: np.ndarray
    overlay: Overlay


class SceneCache:
    """Keeps the last scene, for pictures in which only camera, light, background or colours change.

    Give one object to consecutive calls of ``render``. Whatever moves or reshapes anything (identity, hair,
    expression, gaze, occluder, picture size) builds a new scene; a new camera or light traces new rays in it; where
    only colours (skin tone, iris, hair colour), exposure or film change, the rays are reused too. Pictures are the same
    bytes with and without it. ``hits`` counts the reused scenes, ``shared_rays`` the reused rays.
    """

    def __init__(self) -> None:
        self._scene_key: tuple | None = None
        self._built: BuiltScene | None = None
        self._traced_key: tuple | None = None
        self._traced: Traced | None = None
        self.hits = 0
        self.shared_rays = 0

    def trace(self, person: Person, shot: Shot, side: int, detail: float) -> Traced:
        """Trace a picture, reusing what is the same as in the last one."""
        colourless = dataclasses.replace(person, **_COLOURS)
        occluder = (shot.occluder, shot.seed if shot.occluder != "none" else 0)
        pose = (shot.facial_actions(), shot.neck_yaw, head_mesh.shows_trunk(shot))
        key = (colourless, pose, occluder, detail, current_device())
        if key == self._scene_key:
            self.hits += 1
        else:
            self._scene_key, self._built, self._traced_key = key, build(person, shot, detail), None
        filmless = dataclasses.replace(shot, **_FILM, light=dataclasses.replace(shot.light, exposure=1.0))
        if (filmless, side) == self._traced_key:
            self.shared_rays += 1
        else:
            self._traced_key, self._traced = (filmless, side), trace(self._built, shot, side)
        return self._traced


# Fields of a person that only colour surfaces.
_COLOURS = {
    "skin_tone": 1.0, "iris": "brown", "hair_colour": "black", "freckles": 0.0, "eye_makeup": 0.0,
    "lip_colour": (0.0, 0.0, 0.0), "lip_strength": 0.0,
}  # fmt: skip
# Fields of a shot that change only what film makes of the light; so does the light's exposure.
_FILM = {
    "blur": 0.0, "saturation": 1.0, "contrast": 1.0, "grain": 0.0, "jpeg_quality": 0, "greyscale": False,
}  # fmt: skip


def build(person: Person, shot: Shot, detail: float) -> BuiltScene:
    """Build the scene of a picture and its search tree; see ``build_scene``."""
    world = build_scene(person, shot, detail)
    overlay = (world.part == head_mesh.LASHES) | (world.part == LENS)
    return BuiltScene(world, overlay, build_mesh(vectors(world.positions), world.shading))


def trace(built: BuiltScene, shot: Shot, side: int) -> Traced:
    """Find what a square grid of ``side`` x ``side`` rays meets, and how the light reaches it."""
    world, overlay = built.world, built.is_overlay
    view = camera(shot)
    rays = pixel_rays(view, side)
    solid = world.triangles[~overlay]
    triangle, place = visible(world.positions, solid, view, side)
    hits = gather_hits(world, solid, world.part[~overlay], triangle, place, view, rays)
    lit, open_sky = soft_shadows(built.shading, hits, shot, key_direction(shot.light, view), side)
    depth = np.where(triangle >= 0, place[:, 2], np.inf)
    cavity = world.cavity[~overlay][hits.triangle]
    return Traced(view, rays, hits, cavity, lit, open_sky, _trace_overlay(built, view, side, depth))


def _trace_overlay(built: BuiltScene, view: Camera, side: int, depth: np.ndarray) -> Overlay:
    world = built.world
    triangles, part = world.triangles[built.is_overlay], world.part[built.is_overlay]
    triangle, place = visible(world.positions, triangles, view, side)
    front = np.flatnonzero((triangle >= 0) & (place[:, 2] < depth))
    corners, (u, v) = triangles[triangle[front]], place[front, :2].T
    normal, canonical = (
        sum(values[corners[:, k]] * w[:, None] for k, w in enumerate((u, v, 1 - u - v)))
        for values in (world.normals, world.canonical)
    )
    return Overlay(front, part[triangle[front]] == LENS, normalised(normal), canonical[:, 1])
