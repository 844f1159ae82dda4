"""A cohort of rendered people on disk, in the layout of the Mut1ny head segmentation data.

Written under one root, as the published set is::

    samples/<person>_<variant>/<name>.png    pictures
    labels/<person>/<name>.png               their labels in the paper's palette
    training.xml                             the index: <srcimg/> and <labelimg/> in turn
    attributes.csv                           who and what each picture shows, as rendered

It contains on purpose what data preparation must handle: exact duplicates, near-duplicates, several folders of one
person, pictures of several people. A plan, made from settings and seed alone, lists every picture; those that the disk
lacks are rendered, so an interrupted run resumes and two runs give the same bytes.
"""

from __future__ import annotations

import dataclasses
import hashlib
import math
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from facefair_heads.camera.compose import compose
from facefair_heads.camera.render import render
from facefair_heads.camera.warm_up import warm_up
from facefair_heads.people.candid import sample_candid_shot, with_any_clothes, with_any_hair_colour, with_any_looks
from facefair_heads.people.expressions import COHORT_EMOTIONS
from facefair_heads.people.in_the_wild import sample_in_the_wild
from facefair_heads.people.label_rules import MUT1NY_RULES, LabelRules
from facefair_heads.people.person import GENDERS, GROUPS, Person
from facefair_heads.people.population import sample_person
from facefair_heads.people.shots import Shot, attributes, sample_shot
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import encode
from facefair_lib.settings.profiles import CohortSettings
from facefair_lib.store import results
from facefair_lib.store.processes import WHOLE, share_of, spread
from facefair_lib.store.progress import Advance

# First names of many languages, assigned at random: a folder's name says nothing about a group.
# fmt: off
_NAMES = {
    "female": [
        "aisha", "anna", "beatriz", "chloe", "daria", "elif", "fatima", "grace", "hana", "ines", "jia",
        "keiko", "lucia", "mei", "nadia", "olga", "priya", "rosa", "sara", "thandi", "uma", "vera", "wanjiru",
        "xin", "yara", "zoe",
    ],
    "male": [
        "ahmed", "ben", "carlos", "dmitri", "emre", "felix", "goran", "hiro", "ivan", "jamal", "kofi", "liam",
        "mateo", "nikhil", "omar", "pedro", "quang", "rafael", "samir", "tomas", "umar", "victor", "wei",
        "xavier", "yusuf", "zane",
    ],
}
# fmt: on
_COMBINATIONS = len(COHORT_EMOTIONS) * len(GENDERS) * len(GROUPS)
_VARIANTS = ("studio", "street", "room")


@dataclass(frozen=True)
class Head:
    """One head of a picture: seeds and the attributes that the plan fixes.

    ``population`` is "balanced" (only looks depend on the group) or "wild" (see ``in_the_wild``); ``candid`` asks for a
    candid shot instead of a portrait (see ``candid``); people of one ``matched_seed`` share everything but looks (see
    ``population.MATCHED``); ``even_tone`` draws the skin tone evenly from the whole Monk scale, not from the group's
    distribution; ``any_looks`` varies brows, make-up of eyes and fair hair beyond the group's own (see ``candid``).
    """

    person_seed: int
    shot_seed: int
    group: str
    gender: str
    emotion: str
    population: str = "balanced"
    candid: bool = False
    matched_seed: int | None = None
    even_tone: bool = False
    any_looks: bool = False

    def sample(self) -> tuple[Person, Shot]:
        """Draw who is seen, and how."""
        if self.population == "wild":
            return sample_in_the_wild(
                self.person_seed, group=self.group, gender=self.gender, emotion=self.emotion, shot_seed=self.shot_seed
            )
        tone = _even_tone(self.person_seed) if self.even_tone else None
        person = sample_person(
            self.person_seed, matched=self.matched_seed, group=self.group, gender=self.gender, tone=tone
        )
        if self.any_looks:
            person = with_any_looks(person, self.person_seed)
        if self.candid:
            person = with_any_clothes(with_any_hair_colour(person, self.person_seed), self.person_seed)
            return person, sample_candid_shot(self.shot_seed, emotion=self.emotion)
        return person, sample_shot(self.shot_seed, emotion=self.emotion)


@dataclass(frozen=True)
class Picture:
    """One picture of the plan: where it goes, and what it shows or copies."""

    sample: str
    label: str
    subject: str
    heads: tuple[Head, ...]
    copy_of: str = ""
    retouched: bool = False
    seed: int = 0


@dataclass(frozen=True)
class Format:
    """How pictures are rendered.

    Attributes
    ----------
    size : side in pixels
    samples : per pixel and axis
    rules : conventions of the labels
    """

    size: int
    samples: int
    rules: LabelRules = MUT1NY_RULES


def plan_cohort(settings: CohortSettings, seed: int) -> list[Picture]:
    """List every picture of the cohort, in the order in which files are written.

    Groups, genders and emotions are assigned in turn, so that they are balanced and independent of each other;
    everything else about a person or a shot follows from its own seed.
    """
    originals = [*_people(settings, seed), *_real(settings, seed), *_multiperson(settings, seed)]
    changed = {"even_tone": settings.even_tones, "any_looks": settings.any_looks}
    originals = [_with_heads(picture, changed) for picture in originals]
    return [*originals, *_duplicates(originals, settings, seed)]


def write_cohort(
    root: Path,
    settings: CohortSettings,
    seed: int,
    workers: int,
    version: str = "",
    progress: Advance | None = None,
    shard: tuple[int, int] = WHOLE,
) -> Path:
    """Render the cohort into ``root``.

    Parameters
    ----------
    workers : processes; Warp's CPU kernels are single-threaded, so one per core
    version : of the rendering code; pictures of another version, or of other settings, are rendered again
    progress : called with (pictures done, pictures to render)
    shard : see ``write_pictures``; a shard renders its pictures and writes nothing else

    Returns
    -------
    root; ``training.xml`` and ``attributes.csv`` are written last: where they are, the cohort is complete

    Raises
    ------
    InputError
        if ``root`` holds files that were not rendered here; none of them is overwritten
    """
    plan = plan_cohort(settings, seed)
    originals = [picture for picture in plan if not picture.copy_of]
    write_pictures(root, originals, Format(settings.size, settings.samples), workers, version, progress, shard)
    if shard != WHOLE:
        return root
    for picture in plan[len(originals) :]:
        _write_duplicate(root, picture)
    results.write_text(root / "training.xml", index_xml(plan))
    results.write_csv(root / "attributes.csv", attributes_table(plan))
    return root


def write_pictures(
    root: Path,
    pictures: list[Picture],
    form: Format,
    workers: int,
    version: str = "",
    progress: Advance | None = None,
    shard: tuple[int, int] = WHOLE,
) -> None:
    """Render the pictures that ``root`` lacks; see ``write_cohort`` for the arguments and errors.

    ``shard`` (k, n) renders every n-th picture from the k-th on, for several machines that share one folder. Where the
    folder may hold another plan's pictures, which are removed, one shard must have started before the others.
    """
    other_rules = [form.rules] if form.rules != MUT1NY_RULES else []
    _start_or_resume(root, repr((version, form.size, form.samples, pictures, *other_rules)))
    pictures = share_of(pictures, shard)
    missing = [picture for picture in pictures if not _is_there(root, picture)]
    for done, _ in enumerate(_render_all(root, missing, form, workers), len(pictures) - len(missing) + 1):
        if progress:
            progress(done, len(pictures))


PLAN, DATA_SET = ".plan", ".data_set"


def strangers(root: Path) -> bool:
    """Whether a folder holds anything but the files that are written before its first picture, finished or not.

    To be asked before those files are looked at: of several shards, another may begin at any moment.
    """
    names = [path.name for path in root.iterdir()] if root.is_dir() else []
    unfinished = (f".{PLAN}-", f".{DATA_SET}-")
    return any(name not in ("provenance.json", PLAN, DATA_SET) and not name.startswith(unfinished) for name in names)


def _start_or_resume(root: Path, plan: str) -> None:
    """Keep pictures of the same plan, remove a stage's of another, and refuse a folder that was not made here."""
    digest, marker, full = hashlib.sha256(plan.encode()).hexdigest(), root / PLAN, strangers(root)
    if marker.exists():
        if marker.read_text(encoding="utf-8") == digest:
            return
        if (root / DATA_SET).exists():  # the user's own folder
            raise InputError(
                root,
                found="pictures that another version of facefair has begun",
                expected="an empty folder, or one begun by this version",
                do="name another folder",
            )
        _clear(root, kept=marker)
    elif full:
        raise InputError(
            root,
            found="a folder with files that were not rendered here",
            expected="an empty folder, or one begun by an earlier run",
            do="name another folder, or empty this one",
        )
    results.write_text(marker, digest)


def _clear(root: Path, kept: Path) -> None:
    """Remove a stage's pictures, which can be rendered again; if interrupted, the marker says that they are its own."""
    for path in root.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        elif path != kept:
            path.unlink()


def _turns(count: int, seed: int, *streams: str) -> Iterator[tuple[str, str, str, int, int]]:
    """Yield (group, gender, emotion, person seed, shot seed) ``count`` times, all combinations equally often."""
    combinations = [(group, gender, emotion) for emotion in COHORT_EMOTIONS for gender in GENDERS for group in GROUPS]
    order = _generator(seed, *streams).permutation(len(combinations))
    for number in range(count):
        group, gender, emotion = combinations[order[number % len(order)]]
        yield group, gender, emotion, *stream_seeds(seed, *streams, str(number))


def _with_heads(picture: Picture, changed: dict[str, bool]) -> Picture:
    return dataclasses.replace(picture, heads=tuple(dataclasses.replace(head, **changed) for head in picture.heads))


def _even_tone(person_seed: int) -> float:
    """Draw a person's tone evenly from the Monk scale."""
    return round(float(_generator(person_seed, "even tone").uniform(1, 10)), 2)


def _dealt(turn: int, share: float) -> bool:
    """Whether this turn belongs to a share that is spread evenly over all turns."""
    return math.floor((turn + 1) * share) > math.floor(turn * share)


def stream_seeds(seed: int, *streams: str) -> tuple[int, int]:
    """A person's and a shot's seed, from a stream named by words; other streams never change it."""
    person, shot = _generator(seed, *streams).integers(0, 2**31 - 1, 2)
    return int(person), int(shot)


def _generator(seed: int, *streams: str) -> np.random.Generator:
    key = hashlib.sha256("/".join(streams).encode()).digest()[:8]
    return np.random.default_rng([seed, int.from_bytes(key, "little")])


def _real(settings: CohortSettings, seed: int) -> Iterator[Picture]:
    """Pictures that each show a different person, as in the published set's folder ``real``."""
    for number, (group, gender, emotion, person, shot) in enumerate(_turns(settings.real, seed, "real")):
        name = f"real_{number:05d}.png"
        head = Head(person, shot, group, gender, emotion, candid=_dealt(number // _COMBINATIONS, settings.candid))
        yield Picture(f"samples/real_photo/{name}", f"labels/real/{name}", f"real_{number:05d}", (head,))


def _people(settings: CohortSettings, seed: int) -> Iterator[Picture]:
    """Several pictures of each named person; the first ``two_folders`` people have two folders, as some do there."""
    names = {gender: iter(_generator(seed, "names", gender).permutation(_NAMES[gender])) for gender in GENDERS}
    for number, (group, gender, _, person, _) in enumerate(_turns(settings.people, seed, "people")):
        first_name = next(names[gender], None)
        if first_name is None:
            raise InputError(
                "cohort.people",
                found=str(settings.people),
                expected=f"at most {2 * len(_NAMES[gender])}: each named person needs a name",
                do="lower cohort.people; cohort.real renders any number of further people",
            )
        name = f"{gender}{first_name}"
        folders = (f"{name}1", f"{name}2") if number < settings.two_folders else (f"{name}1",)
        for folder in folders:
            for shot_number in range(settings.shots):
                _, shot = stream_seeds(seed, "people", folder, str(shot_number))
                variant = _VARIANTS[shot_number % len(_VARIANTS)]
                emotion = COHORT_EMOTIONS[(shot_number + number) % len(COHORT_EMOTIONS)]
                file = f"{folder}_{shot_number:03d}.png"
                head = Head(person, shot, group, gender, emotion, candid=_dealt(shot_number, settings.candid))
                yield Picture(f"samples/{folder}_{variant}/{file}", f"labels/{folder}/{file}", name, (head,))


def _multiperson(settings: CohortSettings, seed: int) -> Iterator[Picture]:
    """Pictures of two people; every third shows three."""
    turns = _turns(3 * settings.multiperson, seed, "multiperson")
    for number in range(settings.multiperson):
        heads = tuple(
            Head(person, shot, group, gender, emotion, candid=_dealt(number, settings.candid))
            for group, gender, emotion, person, shot in (next(turns) for _ in range(3 if number % 3 == 2 else 2))
        )
        name = f"multiperson_{number:04d}.png"
        sample = f"samples/multiperson_scene/{name}"
        yield Picture(sample, f"labels/multiperson/{name}", f"multiperson_{number:04d}", heads, seed=seed + number)


def _duplicates(originals: list[Picture], settings: CohortSettings, seed: int) -> Iterator[Picture]:
    """Copies of pictures: byte for byte, or retouched as a second export of the same picture would be."""
    total = settings.exact_duplicates + settings.near_duplicates
    if total > len(originals):
        raise InputError(
            "cohort.exact_duplicates + cohort.near_duplicates",
            found=str(total),
            expected=f"at most {len(originals)}, one copy per picture",
            do="lower them",
        )
    chosen = _generator(seed, "duplicates").choice(len(originals), total, replace=False)
    for number, position in enumerate(chosen):
        source = originals[position]
        retouched = number >= settings.exact_duplicates
        mark = "b" if retouched else "a"
        sample, label = (path.removesuffix(".png") + f"{mark}.png" for path in (source.sample, source.label))
        yield Picture(sample, label, source.subject, source.heads, source.sample, retouched, seed + number)


def _is_there(root: Path, picture: Picture) -> bool:
    return (root / picture.sample).exists() and (root / picture.label).exists()


def _render_all(root: Path, pictures: list[Picture], form: Format, workers: int) -> Iterator[None]:
    if pictures:
        warm_up()
    yield from spread(_render_one, [(root, picture, form) for picture in pictures], workers)


def _render_one(root: Path, picture: Picture, form: Format) -> None:
    people, shots = zip(*(head.sample() for head in picture.heads), strict=True)
    if len(people) == 1:
        rendering = render(people[0], shots[0], form.size, form.samples, rules=form.rules)
    else:
        rendering = compose(people, shots, form.size, picture.seed, form.samples, rules=form.rules)
    # The label first: whenever a run stops, every picture has its label.
    _save_png(root / picture.label, encode(rendering.label, "paper"))
    _save_png(root / picture.sample, rendering.rgb)


def _write_duplicate(root: Path, picture: Picture) -> None:
    if _is_there(root, picture):
        return
    source = np.asarray(Image.open(root / picture.copy_of))
    label = root / picture.label
    _save_png(
        label, np.asarray(Image.open(label.with_name(label.name.removesuffix("a.png").removesuffix("b.png") + ".png")))
    )
    _save_png(root / picture.sample, _retouch(source, picture.seed) if picture.retouched else source)


def _retouch(rgb: np.ndarray, seed: int) -> np.ndarray:
    """Imitate a second export of a picture (H, W, 3) uint8: a little brighter or darker, with other noise."""
    generator = np.random.default_rng(seed)
    gain = generator.uniform(0.95, 1.05)
    noise = generator.normal(0, 1.0, rgb.shape)
    return np.clip(rgb * gain + noise + 0.5, 0, 255).astype(np.uint8)


def _save_png(path: Path, rgb: np.ndarray) -> None:
    with results.replacing(path) as temporary:
        Image.fromarray(rgb).save(temporary, optimize=False, compress_level=4, quality=95)


def index_xml(plan: list[Picture]) -> str:
    """Compose the index as the published set has it."""
    lines = [f'  <srcimg name="{p.sample}"/>\n  <labelimg name="{p.label}"/>\n' for p in plan]
    return '<?xml version="1.0" encoding="UTF-8"?>\n<dataset>\n' + "".join(lines) + "</dataset>\n"


def attributes_table(plan: list[Picture]) -> pd.DataFrame:
    """Tabulate one row per picture. Pictures of several people carry no single person's attributes."""
    rows = []
    for picture in plan:
        row = {"image": picture.sample, "subject": picture.subject}
        if len(picture.heads) == 1:
            row |= attributes(*picture.heads[0].sample())
        rows.append(row)
    return pd.DataFrame(rows)
