"""All contact sheets of the rendered people.

Run it from the repository's root::

    python -m facefair_heads.sets.gallery [--folder figures] [--only heads_hair ...] [--size 128]
"""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
from scipy import ndimage

from facefair_heads.camera.compose import compose
from facefair_heads.camera.render import LARGEST, Rendering, render
from facefair_heads.camera.scene_cache import SceneCache
from facefair_heads.camera.sheets import contact_sheet
from facefair_heads.people.expressions import EMOTIONS
from facefair_heads.people.label_rules import CHOICES, LabelRules
from facefair_heads.people.person import GENDERS, GLASSES, GROUPS, HAIR_STYLES, HEADWEAR, Person
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import CANDID_BACKGROUNDS, LIGHTS, OCCLUDERS, Shot, sample_shot
from facefair_heads.sets.cohort import Head
from facefair_lib.settings.labels import INDEX
from facefair_lib.settings.paths import FIGURES
from facefair_lib.store import results

Tile = tuple[str, Rendering]
_PLAIN = {"glasses": "none", "headwear": "none", "earrings": "none", "scarf": "none"}


def _front(seed: int, **fixed: object) -> Shot:
    options = {"emotion": "neutral", "yaw": 0.0, "pitch": 0.0, "roll": 0.0, "light": "soft", "occluder": "none"}
    options |= {"frame": 1.45, "background": "studio"} | fixed
    plain = {"greyscale": False, "jpeg_quality": 0, "blur": 0.2, "saturation": 1.0, "contrast": 1.1}
    return dataclasses.replace(sample_shot(seed, **options), **plain)


def _person(seed: int, **fixed: object) -> Person:
    return sample_person(seed, **(_PLAIN | fixed))


def groups_emotions(size: int) -> list[Tile]:
    """One person of each group with every emotion at full intensity."""
    people = [_person(21 + row, group=group, gender=("female", "male")[row % 2]) for row, group in enumerate(GROUPS)]
    return [
        (f"{person.group} {emotion}", render(person, _front(51, emotion=emotion, intensity=1.0), size))
        for person in people
        for emotion in EMOTIONS
    ]


def poses(size: int) -> list[Tile]:
    """One person of each group turned from profile to profile; the scene is built once per person."""
    tiles = []
    for row, group in enumerate(GROUPS):
        person, cache = _person(31 + row, group=group), SceneCache()
        for yaw in (-90.0, -60.0, -30.0, 0.0, 30.0, 60.0, 90.0):
            shot = dataclasses.replace(_front(50), yaw=yaw)
            tiles.append((f"{group} {yaw:.0f}", render(person, shot, size, cache=cache)))
        shot = dataclasses.replace(_front(50), pitch=20.0)
        tiles.append((f"{group} from above", render(person, shot, size, cache=cache)))
    return tiles


def tones_ages(size: int) -> list[Tile]:
    """The Monk tones 1 to 10 on one face, then one person at increasing ages."""
    tones = [(f"tone {tone}", _person(3, gender="female", age=30, tone=float(tone))) for tone in range(1, 11)]
    ages = [
        (f"{age} years", _person(9, gender="male", age=float(age), hair="short"))
        for age in (18, 25, 32, 40, 48, 55, 62, 68, 74, 80)
    ]
    shots = [_front(60)] * len(tones) + [_front(60, frame=1.1)] * len(ages)
    return [(title, render(person, shot, size)) for (title, person), shot in zip((*tones, *ages), shots, strict=True)]


def hair(size: int) -> list[Tile]:
    """Every hair style on people of every group in turn."""
    people = [(style, _person(70 + n, group=GROUPS[n % 3], hair=style)) for n, style in enumerate(HAIR_STYLES)]
    front = [(title, render(person, _front(61), size)) for title, person in people]
    side = [(title, render(person, _front(61, yaw=50.0), size)) for title, person in people]
    return [*front, *side]


def light(size: int) -> list[Tile]:
    """Every kind of light on one person of each group."""
    people = [_person(80 + row, group=group) for row, group in enumerate(GROUPS)]
    return [
        (f"{person.group} {name}", render(person, _front(62 + row, light=name), size))
        for row, person in enumerate(people)
        for name in LIGHTS
    ]


def backgrounds(size: int) -> list[Tile]:
    """People of every group in turn before every kind of busy background."""
    return [
        (kind, render(_person(101 + n, group=GROUPS[n % 3]), _front(66 + n, background=kind, frame=1.9), size))
        for n, kind in enumerate(CANDID_BACKGROUNDS)
    ]


def candid(size: int) -> list[Tile]:
    """Candid pictures as the cohort draws them."""
    heads = [Head(300 + n, 300 + n, GROUPS[n % 3], GENDERS[n % 2], EMOTIONS[n % 8], candid=True) for n in range(24)]
    return [(head.group, render(*head.sample(), size)) for head in heads]


def occlusion(size: int) -> list[Tile]:
    """Glasses, headwear, earrings and whatever else hides a part of the face, from two directions."""
    worn = [("glasses", value) for value in GLASSES[1:]] + [("headwear", value) for value in HEADWEAR[1:]]
    worn += [("earrings", "hoops")]
    tiles = []
    for yaw in (0.0, 40.0):
        for number, (field, value) in enumerate(worn):
            person = _person(90 + number, **{field: value})
            tiles.append((value, render(person, _front(63, yaw=yaw), size)))
        for occluder in OCCLUDERS[1:]:
            tiles.append((occluder, render(_person(97), _front(64, yaw=yaw, occluder=occluder), size)))
    return tiles


def multiperson(size: int) -> list[Tile]:
    """Two and three people in one picture."""
    tiles = []
    for number in range(8):
        seeds = [200 + 3 * number + k for k in range(2 + number % 2)]
        shots = [
            dataclasses.replace(sample_shot(seed, occluder="none"), yaw=0.5 * sample_shot(seed).yaw) for seed in seeds
        ]
        tiles.append((f"{len(seeds)} people", compose([sample_person(s) for s in seeds], shots, size, seed=number)))
    return tiles


def label_conventions(size: int) -> list[Tile]:
    """Label conventions: each switch of ``LabelRules`` both ways, then what is the same under all rules."""
    stubble = _person(14, gender="male", hair="buzz", facial_hair="stubble")
    shown = [
        ("clear lens", _person(90, glasses="clear", hair="bun"), "clear_lenses"),
        ("stubble", stubble, "stubble"),
        ("neck", _person(98, gender="female", hair="short"), "neck"),
        ("headwear", _person(93, headwear="beanie", hair="short"), "headwear"),
        ("earring", _person(96, earrings="hoops", hair="bun", gender="female"), "jewellery"),
    ]
    tiles = []
    for title, person, switch in shown:
        yaw = 40.0 if switch == "jewellery" else 0.0
        for value in CHOICES[switch]:
            seen = render(person, _front(65, yaw=yaw, frame=1.3), size, rules=LabelRules(**{switch: value}))
            tiles.append((f"{title}: {value.replace('_', ' ')}", seen))
    lashes = dataclasses.replace(_person(98, gender="female"), eye_makeup=0.6)
    cropped = dataclasses.replace(_person(8, gender="male", age=60.0, hair="buzz"), recession=0.2)
    mouth = dataclasses.replace(_front(65, emotion="happy", intensity=1.0), eye_opening=0.3)
    tiles += [
        ("lashes, lids: face", _close(lashes, _front(65), size, "eyes")),
        ("scalp in rows: hair", render(_person(83, hair="cornrows"), _front(65, yaw=50.0), size)),
        ("thin hair: hair", render(cropped, _front(65, yaw=30.0, pitch=15.0), size)),
        ("mouth, tongue: lips", _close(_person(98, gender="female"), mouth, size, "lips")),
        ("dark lens: specs", render(_person(91, glasses="sunglasses"), _front(65), size)),
        ("hand: background", render(stubble, _front(64, occluder="hand"), size)),
    ]
    return tiles


def _close(person: Person, shot: Shot, size: int, name: str) -> Rendering:
    """A square of ``size`` pixels about the first patch of a class, out of a picture of four times the size."""
    large = render(person, shot, min(LARGEST, 4 * size))
    patches, _ = ndimage.label(large.label == INDEX[name])
    rows, columns = (int(place.mean()) - size // 2 for place in np.nonzero(patches == 1))
    window = np.s_[max(rows, 0) : max(rows, 0) + size, max(columns, 0) : max(columns, 0) + size]
    return Rendering(large.rgb[window], large.label[window], large.coverage[window])


SHEETS: dict[str, tuple[Callable[[int], list[Tile]], int]] = {
    "heads_groups_emotions": (groups_emotions, 8),
    "heads_poses": (poses, 8),
    "heads_tones_ages": (tones_ages, 10),
    "heads_hair": (hair, len(HAIR_STYLES)),
    "heads_light": (light, len(LIGHTS)),
    "heads_backgrounds": (backgrounds, len(CANDID_BACKGROUNDS)),
    "heads_candid": (candid, 8),
    "heads_occlusion": (occlusion, 5 + len(OCCLUDERS)),
    "heads_multiperson": (multiperson, 4),
    "heads_label_conventions": (label_conventions, 8),
}
"""File stem -> what is on the sheet, and pictures per row."""


def main() -> None:
    """Write sheets as JPEG pictures of a few hundred kilobytes."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=FIGURES, help="where to write, figures/ by default")
    parser.add_argument("--only", nargs="+", choices=list(SHEETS), default=list(SHEETS), help="sheets to make")
    parser.add_argument("--size", type=int, default=128, help="side of each picture in pixels")
    chosen = parser.parse_args()
    for name in chosen.only:
        tiles, columns = SHEETS[name]
        titles, pictures = zip(*tiles(chosen.size), strict=True)
        with results.replacing(chosen.folder / f"{name}.jpg") as temporary:
            contact_sheet(pictures, columns, titles=titles).save(temporary, quality=88, optimize=True)


if __name__ == "__main__":
    main()
