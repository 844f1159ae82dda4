"""A few rendered people for the lessons, rendered once and kept in the project's cache."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from facefair_heads.camera.render import Rendering, render
from facefair_heads.camera.scene_cache import SceneCache
from facefair_heads.people.person import GENDERS, GROUPS, Person
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import Shot, sample_shot
from facefair_lib.settings import paths
from facefair_lib.store.digests import module_version
from facefair_lib.store.results import read_arrays, replacing

_EMOTIONS = ("happy", "sad", "angry")
_STYLES = ({"facial_hair": "full"}, {}, {"glasses": "clear"}, {})


@dataclass(frozen=True)
class Faces:
    """Pictures, their masks, and whom they show.

    Attributes
    ----------
    images : (N, S, S, 3) uint8 RGB
    masks : (N, S, S) uint8 class indices of ``facefair_lib.settings.labels``
    table : one row per picture: person, group, gender, emotion, skin_tone
    """

    images: np.ndarray
    masks: np.ndarray
    table: pd.DataFrame

    def __len__(self) -> int:
        return len(self.images)


def portrait(size: int = 128) -> tuple[np.ndarray, np.ndarray]:
    """One smiling person with a beard and glasses, so that every class occurs: (S, S, 3) uint8, (S, S) uint8."""
    made = _kept(f"portrait-{size}", lambda: _stack([render(*_with_everything(), size)]))
    return made["images"][0], made["masks"][0]


def faces(people: int, shots: int = 1, *, size: int = 48, seed: int = 0) -> Faces:
    """Render people, groups and genders in turn, each in some shots.

    Parameters
    ----------
    people : number of people; more people begin with the same ones
    shots : pictures of each person, with different expressions, light and background
    size : side of the pictures, pixels
    seed : other seeds give other people
    """
    plan = {(person, shot): _plan(person, shot, seed) for person, shot in product(range(people), range(shots))}
    made = [
        _kept(f"face-{seed}-{person}-{shot}-{size}", lambda pair=pair: _stack([render(*pair, size)]))
        for (person, shot), pair in plan.items()
    ]
    images, masks = (np.concatenate([part[name] for part in made]) for name in ("images", "masks"))
    rows = [{"person": f"person_{person:02d}", **_who(*pair)} for (person, _), pair in plan.items()]
    return Faces(images, masks, pd.DataFrame(rows))


def same_person_in_tones(people: int, tones: tuple[float, ...], *, size: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Render each person once per skin tone, with nothing else changed.

    Parameters
    ----------
    people : number of people
    tones : values on the Monk skin tone scale, 1 (lightest) to 10 (darkest)

    Returns
    -------
    images : (P, T, S, S, 3) uint8
    masks : (P, T, S, S) uint8
    """
    made = [_kept(f"tones-{p}-{tones}-{size}", lambda p=p: _in_tones(p, tones, size)) for p in range(people)]
    return np.stack([part["images"] for part in made]), np.stack([part["masks"] for part in made])


def _plan(person: int, shot: int, seed: int) -> tuple[Person, Shot]:
    number = 1000 * (seed + 1) + person
    group, gender = GROUPS[person % 3], GENDERS[person % 2]
    style = _STYLES[person % 4] if gender == "male" or person % 4 == 2 else {}
    who = sample_person(number, group=group, gender=gender, headwear="none", **style)
    turn = ((person * 7 + shot * 13) % 5 - 2) * 8.0  # degrees: a little to either side
    how = sample_shot(
        100 * number + shot, emotion=_EMOTIONS[(person // 3 + shot) % 3], yaw=turn, pitch=0, frame=1.35, occluder="none"
    )
    return who, dataclasses.replace(how, greyscale=False)


def _with_everything() -> tuple[Person, Shot]:
    who = sample_person(12, gender="male", age=34, hair="short", facial_hair="full", glasses="clear", headwear="none")
    how = sample_shot(5, emotion="happy", intensity=1, yaw=14, pitch=0, roll=0, frame=1.3, occluder="none")
    return who, dataclasses.replace(how, greyscale=False)


def _in_tones(person: int, tones: tuple[float, ...], size: int) -> dict[str, np.ndarray]:
    who = sample_person(500 + person, facial_hair="none", glasses="none", headwear="none")
    how = sample_shot(700 + person, yaw=0, pitch=0, frame=1.2, light="soft", occluder="none")
    how = dataclasses.replace(how, greyscale=False)
    cache = SceneCache()
    return _stack([render(dataclasses.replace(who, skin_tone=tone), how, size, cache=cache) for tone in tones])


def _who(person: Person, shot: Shot) -> dict[str, object]:
    tone = round(person.skin_tone, 1)
    return {"group": person.group, "gender": person.gender, "emotion": shot.emotion, "skin_tone": tone}


def _stack(renderings: list[Rendering]) -> dict[str, np.ndarray]:
    return {"images": np.stack([r.rgb for r in renderings]), "masks": np.stack([r.label for r in renderings])}


def _kept(name: str, make: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """Read arrays from the cache, or make and keep them. Each version of the rendering code has its own folder."""
    file = paths.cache_dir() / "course" / module_version("facefair_course.faces")[:12] / f"{name}.npz"
    if not file.exists():
        arrays = make()
        with replacing(file) as temporary:
            np.savez_compressed(temporary, **arrays)
    return read_arrays(file)
