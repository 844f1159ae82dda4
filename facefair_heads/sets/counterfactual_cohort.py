"""The counterfactual cohort: many versions of each person, and people drawn "in the wild" for comparison.

Every base identity is a person and a shot. Its pictures differ from each other in what their ``design`` changes and in
nothing else:

- ``factorial``: the three groups' morphologies x three skin tones, one typical of each group;
- ``tone``: its own group at further tones of the Monk scale;
- ``exposed``: its own group at the darkest tones (from ``DARK`` on), exposed so that the face is as bright as at the
  tone ``MIDDLE``; the whole picture gets the longer exposure, as in a camera;
- ``noiseless``: the same tones without the camera's noise.

``wild`` people have one picture each, drawn by ``in_the_wild``. Nobody here is seen in training or in the experiment,
because every seed comes from its own stream.
"""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd

from facefair_heads.camera.render import Rendering, render
from facefair_heads.camera.scene_cache import SceneCache
from facefair_heads.camera.warm_up import warm_up
from facefair_heads.geometry import head_mesh
from facefair_heads.numerics import srgb_to_linear
from facefair_heads.people.counterfactual import with_morphology
from facefair_heads.people.person import GENDERS, GROUPS, Person
from facefair_heads.people.shots import Shot, attributes
from facefair_heads.sets.cohort import Advance, Head, stream_seeds
from facefair_lib.settings.labels import EMOTIONS, INDEX
from facefair_lib.settings.profiles import CounterfactualSettings
from facefair_lib.store import results
from facefair_lib.store.processes import WHOLE, share_of, spread

TYPICAL_TONES = {"asian": 4.0, "black": 7.0, "caucasian": 3.0}
"""A tone of the Monk scale near each group's mean in ``population``."""
DARK, MIDDLE = 9.0, 4.0
"""Monk tones: the lightest whose face gets the longer exposure, and the one whose brightness it then has."""
COLUMNS = [
    "image_id", "subject_id", "cohort", "design", "group", "emotion", "gender", "age", "skin_tone", "yaw", "light",
    "glasses", "hair", "headwear", "occluder", "interocular",
]  # fmt: skip
"""Columns of ``people.csv``; ``interocular`` is the distance between the eyes' centres in pixels, seen from the front:
turning the head does not change it."""

_SAMPLES = 2  # per pixel and axis
_TRIALS, _LONGEST = 3, 16.0  # exposures tried; the longest, as a multiple of the shot's own
_LUMA = (0.2126, 0.7152, 0.0722)  # of linear sRGB
_WILD_PER_SHEET = 4


@dataclass(frozen=True)
class Version:
    """One picture: a head of the plan, and what is changed about it (``None`` = nothing)."""

    image_id: str
    subject_id: str
    design: str
    head: Head
    group: str | None = None
    tone: float | None = None

    def sample(self) -> tuple[Person, Shot]:
        """Draw who is seen, and how, with the change made."""
        person, shot = self.head.sample()
        if self.group is not None:
            person = with_morphology(person, self.group)
        if self.tone is not None:
            person = dataclasses.replace(person, skin_tone=self.tone)
        if self.design == "noiseless":
            shot = dataclasses.replace(shot, grain=0.0)
        return person, shot


@dataclass(frozen=True)
class Sheet:
    """Pictures that one process renders in turn: versions of one identity share most of their scenes."""

    name: str
    versions: tuple[Version, ...]


def plan_counterfactuals(settings: CounterfactualSettings, seed: int) -> list[Sheet]:
    """List every picture, identity by identity, then the wild people."""
    return [*_identities(settings, seed), *_wild(settings, seed)]


def _identities(settings: CounterfactualSettings, seed: int) -> Iterator[Sheet]:
    """Groups and genders in turn, all combinations equally often; emotions in turn within each of them."""
    for number in range(settings.identities):
        group, gender = GROUPS[number % len(GROUPS)], GENDERS[number // len(GROUPS) % len(GENDERS)]
        emotion = EMOTIONS[(number // len(GROUPS) + number) % len(EMOTIONS)]
        name = f"identity_{number:04d}"
        head = Head(*stream_seeds(seed, "counterfactuals", name), group, gender, emotion)
        yield Sheet(name, tuple(_versions(name, head, settings.further_tones)))


def _versions(name: str, head: Head, further_tones: tuple[float, ...]) -> Iterator[Version]:
    """Consecutive pictures share a scene where only the tone, the exposure or the noise changes."""
    for group in GROUPS:
        for of_group, tone in TYPICAL_TONES.items():
            yield Version(f"{name}_{group}_tone_{of_group}", name, "factorial", head, group, tone)
        if group == head.group:
            for tone in further_tones:
                yield Version(f"{name}_tone_{tone:g}", name, "tone", head, tone=tone)
            dark = [tone for tone in further_tones if tone >= DARK]
            for design, tone in product(("exposed", "noiseless"), dark):
                yield Version(f"{name}_tone_{tone:g}_{design}", name, design, head, tone=tone)


def _wild(settings: CounterfactualSettings, seed: int) -> Iterator[Sheet]:
    """As many people of each group: unequal numbers would widen intervals and show nothing about attributes."""
    people = []
    for number in range(settings.wild_per_group * len(GROUPS)):
        turn = number // len(GROUPS)
        group, gender = GROUPS[number % len(GROUPS)], GENDERS[turn % len(GENDERS)]
        emotion = EMOTIONS[turn // len(GENDERS) % len(EMOTIONS)]
        name = f"wild_{number:04d}"
        head = Head(*stream_seeds(seed, "counterfactuals", name), group, gender, emotion, "wild")
        people.append(Version(name, name, "wild", head))
    for start in range(0, len(people), _WILD_PER_SHEET):
        yield Sheet(f"wild_{start:04d}", tuple(people[start : start + _WILD_PER_SHEET]))


def write_counterfactuals(
    folder: Path,
    settings: CounterfactualSettings,
    size: int,
    seed: int,
    workers: int,
    version: str = "",
    progress: Advance | None = None,
    shard: tuple[int, int] = WHOLE,
) -> None:
    """Render the cohort and pack it.

    Parameters
    ----------
    folder : receives ``images.npy``, ``labels.npy``, ``people.csv`` and ``sheets/``, from which an interrupted run
        resumes
    size : side of the pictures in pixels
    workers : processes, one per core
    version : of the rendering code; pictures of another version, or of other settings, are rendered again
    progress : called with (pictures done, pictures in all)
    shard : (k, n) renders every n-th sheet from the k-th on and packs nothing; one must have started before the others
    """
    plan = plan_counterfactuals(settings, seed)
    sheets = _sheets_of(folder, repr((version, size, _SAMPLES, plan)))
    wanted = share_of(plan, shard)
    total, missing = sum(len(sheet.versions) for sheet in wanted), [s for s in wanted if not _file(sheets, s).exists()]
    done = total - sum(len(sheet.versions) for sheet in missing)
    if missing:
        warm_up()
    for rendered in spread(_render_sheet, [(_file(sheets, sheet), sheet, size) for sheet in missing], workers):
        done += rendered
        if progress:
            progress(done, total)
    if shard != WHOLE:
        return
    parts = [results.read_arrays(_file(sheets, sheet)) for sheet in plan]
    results.write_array(folder / "images.npy", np.concatenate([part["images"] for part in parts]))
    results.write_array(folder / "labels.npy", np.concatenate([part["labels"] for part in parts]))
    interocular = np.concatenate([part["interocular"] for part in parts])
    results.write_csv(folder / "people.csv", people_table(plan, interocular))


def people_table(plan: list[Sheet], interocular: np.ndarray) -> pd.DataFrame:
    """Tabulate whom each picture shows, as rendered; one row per picture, ``COLUMNS``."""
    rows = [_person_row(version) for sheet in plan for version in sheet.versions]
    return pd.DataFrame(rows).assign(interocular=interocular)[COLUMNS]


def _person_row(version: Version) -> dict[str, object]:
    person, shot = version.sample()
    return {
        "image_id": version.image_id,
        "subject_id": version.subject_id,
        "cohort": "wild" if version.design == "wild" else "counterfactual",
        "design": version.design,
        **attributes(person, shot),
        "headwear": person.headwear,
        "occluder": shot.occluder,
    }


def interocular_pixels(person: Person, shot: Shot, size: int) -> float:
    """Distance between the eyes' centres in pixels, for eyes at the head's distance that face the camera."""
    left, right = head_mesh.pose_head(person, shot).eye_centres  # (3,), decimetres
    height = head_mesh.HEAD_HEIGHT * shot.frame  # of the picture at the head's distance, decimetres
    return float(np.linalg.norm(left - right) * size / height)


def _sheets_of(folder: Path, plan: str) -> Path:
    """Folder of the rendered sheets of one plan; those of other plans are removed."""
    digest = hashlib.sha256(plan.encode()).hexdigest()[:16]
    kept = folder / "sheets" / digest
    for other in (folder / "sheets").glob("*"):
        if other != kept:
            shutil.rmtree(other)
    kept.mkdir(parents=True, exist_ok=True)
    return kept


def _file(sheets: Path, sheet: Sheet) -> Path:
    return sheets / f"{sheet.name}.npz"


def _render_sheet(path: Path, sheet: Sheet, size: int) -> int:
    drawn, cache = [version.sample() for version in sheet.versions], SceneCache()
    renderings = [
        (_exposed if version.design == "exposed" else render)(person, shot, size, _SAMPLES, cache=cache)
        for version, (person, shot) in zip(sheet.versions, drawn, strict=True)
    ]
    with results.replacing(path) as temporary:
        np.savez_compressed(
            temporary,
            images=[rendering.rgb for rendering in renderings],
            labels=[rendering.label for rendering in renderings],
            interocular=[interocular_pixels(person, shot, size) for person, shot in drawn],
        )
    return len(sheet.versions)


def _exposed(person: Person, shot: Shot, size: int, samples: int, *, cache: SceneCache) -> Rendering:
    """Render a person with the exposure at which the face is as bright as it would be at the tone ``MIDDLE``.

    Film responds to light in a curve, so the exposure is found by trial; where the face stays too dark, it ends at
    ``_LONGEST`` times the shot's own.
    """
    wanted = _face_light(render(dataclasses.replace(person, skin_tone=MIDDLE), shot, size, samples, cache=cache))
    seen, gain = render(person, shot, size, samples, cache=cache), 1.0
    for _ in range(_TRIALS):
        gain = float(np.clip(gain * wanted / max(_face_light(seen), 1e-4), 1.0, _LONGEST))
        light = dataclasses.replace(shot.light, exposure=shot.light.exposure * gain)
        seen = render(person, dataclasses.replace(shot, light=light), size, samples, cache=cache)
    return seen


def _face_light(seen: Rendering) -> float:
    """Mean linear light of the face's pixels, in [0, 1]; 0 where none is seen."""
    face = seen.rgb[seen.label == INDEX["face"]]
    return float((srgb_to_linear(face / 255) @ _LUMA).mean()) if len(face) else 0.0
