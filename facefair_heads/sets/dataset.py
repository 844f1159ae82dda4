"""Labelled heads for use outside this study: a folder of pictures, masks, attributes and a datasheet.

Everything follows from the settings: an interrupted run resumes, several machines may share the work (``shard``), and
two runs give the same bytes.
"""

from __future__ import annotations

import dataclasses
import errno
import string
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image

from facefair_heads.camera.render import Rendering, check_size
from facefair_heads.camera.sheets import contact_sheet
from facefair_heads.people.expressions import EMOTIONS
from facefair_heads.people.in_the_wild import sample_in_the_wild
from facefair_heads.people.label_rules import MUT1NY_RULES, LabelRules
from facefair_heads.people.person import GENDERS, GROUPS, check_choice, check_seed
from facefair_heads.sets.cohort import (
    DATA_SET,
    Advance,
    Format,
    Head,
    Picture,
    attributes_table,
    index_xml,
    strangers,
    stream_seeds,
    write_pictures,
)
from facefair_lib.errors import InputError
from facefair_lib.settings.labels import CLASS_NAMES, INDEX, decode
from facefair_lib.store import results
from facefair_lib.store.processes import WHOLE, check_shard, share_of

LAYOUTS = ("mut1ny", "celebamask")
POPULATIONS = ("balanced", "wild")
_SAMPLES = 2  # per pixel and axis
_SHEET_PICTURES = 24

# CelebAMask-HQ's part -> our class. Lips and paired parts are split by position: joined, they are our classes again.
_PARTS = {
    "nose": "nose", "eye_g": "specs", "l_eye": "eyes", "r_eye": "eyes", "l_brow": "eyebrows", "r_brow": "eyebrows",
    "l_ear": "ears", "r_ear": "ears", "mouth": "teeth", "u_lip": "lips", "l_lip": "lips", "hair": "hair",
    "beard": "facial_hair", "skin": "face",
}  # fmt: skip


@dataclass(frozen=True)
class DataSetSettings:
    """What a data set holds.

    Parameters
    ----------
    people, shots : number of people, and of pictures of each
    size : side of the pictures in pixels, 16 to 1024
    layout : "mut1ny" (samples/, labels/, training.xml) or "celebamask" (CelebA-HQ-img/, one mask file per part)
    population : "balanced" (attributes independent of the group) or "wild" (correlated, see ``in_the_wild``)
    seed : another seed gives other people
    rules : conventions of the labels; ``parse_label_rules`` reads them from text
    """

    people: int
    shots: int
    size: int
    layout: str = "mut1ny"
    population: str = "balanced"
    seed: int = 0
    rules: LabelRules = MUT1NY_RULES

    def __post_init__(self) -> None:
        for name in ("people", "shots"):
            value = getattr(self, name)
            if not isinstance(value, (int, np.integer)) or not 1 <= value <= 1_000_000:
                raise InputError(
                    name, found=repr(value), expected="a whole number from 1 to 1,000,000", do=f"give another {name}="
                )
        check_size(self.size, _SAMPLES)
        check_choice("layout", self.layout, LAYOUTS)
        check_choice("population", self.population, POPULATIONS)
        check_seed(self.seed)


def plan_data_set(settings: DataSetSettings) -> list[Picture]:
    """List every picture: people with groups and genders in turn, each person's shots with emotions in turn."""
    plan = []
    for number in range(settings.people):
        gender = GENDERS[number // len(GROUPS) % len(GENDERS)]
        person, _ = stream_seeds(settings.seed, "data set", str(number))
        group = GROUPS[number % len(GROUPS)]
        if settings.population == "wild":
            group = sample_in_the_wild(person)[0].group
        name = f"{gender}{_letters(number)}"
        for turn in range(settings.shots):
            _, shot = stream_seeds(settings.seed, "data set", str(number), str(turn))
            head = Head(person, shot, group, gender, EMOTIONS[(number + turn) % len(EMOTIONS)], settings.population)
            running = number * settings.shots + turn
            if settings.layout == "mut1ny":
                file = f"{name}_{turn:03d}.png"
                plan.append(Picture(f"samples/{name}_rendered/{file}", f"labels/{name}/{file}", name, (head,)))
            else:
                plan.append(Picture(f"CelebA-HQ-img/{running}.jpg", f"labels/{running:05d}.png", name, (head,)))
    return plan


def _letters(number: int) -> str:
    """Write a number as at least three letters: in Mut1ny's layout, digits after a name number one person's folders."""
    digits = ""
    while number or len(digits) < 3:
        number, digit = divmod(number, 26)
        digits = string.ascii_lowercase[digit] + digits
    return digits


def write_data_set(
    folder: Path,
    settings: DataSetSettings,
    workers: int = 1,
    progress: Advance | None = None,
    *,
    shard: tuple[int, int] = WHOLE,
    version: str = "",
) -> Path:
    """Render a labelled data set.

    Parameters
    ----------
    folder : new or empty, or the folder of an interrupted run with the same settings
    workers : processes, one per core is best
    progress : called with (pictures done, pictures of this shard)
    shard : (k, n) renders the k-th of n shares; run all n, in any order, on one folder
    version : of the rendering code, if pictures of another version are not to be kept

    Returns
    -------
    folder; once every picture of every shard is there it holds attributes.csv, datasheet.md and contact_sheet.png

    Raises
    ------
    InputError
        for a shard out of range, a folder with other files or other settings, or a full disk
    """
    check_shard(shard)
    folder, plan = Path(folder), plan_data_set(settings)
    _check_folder(folder, settings, version)
    try:
        form = Format(settings.size, _SAMPLES, settings.rules)
        write_pictures(folder, plan, form, workers, version, progress, shard)
        if settings.layout == "celebamask":
            for picture in share_of(plan, shard):
                _write_parts(folder, picture)
        if all((folder / picture.sample).exists() and (folder / picture.label).exists() for picture in plan):
            _write_summary(folder, plan, settings)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise InputError(
            folder,
            found="no space left on its disk",
            expected=f"about {len(plan) * settings.size**2 * 2 / 2**20:.0f} MiB for the whole data set",
            do="free some space and run the same command again: it resumes where it stopped",
        ) from error
    return folder


def _check_folder(folder: Path, settings: DataSetSettings, version: str) -> None:
    """Refuse a folder of other settings or with files of its own."""
    stamp, full = folder / DATA_SET, strangers(folder)
    written = f"{settings} {version}\n"
    if stamp.exists() and stamp.read_text(encoding="utf-8") == written:
        return
    if full or stamp.exists() or (folder.exists() and not folder.is_dir()):
        found = stamp.read_text(encoding="utf-8").strip() if stamp.exists() else "files that were not rendered here"
        raise InputError(
            folder,
            found=found,
            expected="an empty folder, or one that the same command has begun",
            do="name another folder",
        )
    results.write_text(stamp, written)


def _write_parts(folder: Path, picture: Picture) -> None:
    """Split a label into CelebAMask-HQ's part masks (0 or 255); absent parts have no file, the skin comes last."""
    number = int(Path(picture.label).stem)
    parts = folder / "CelebAMask-HQ-mask-anno" / str(number // 2000)
    if (parts / f"{number:05d}_skin.png").exists():
        return
    label = decode(np.asarray(Image.open(folder / picture.label).convert("RGB")))[0]
    for part, mask in split_parts(label).items():
        if mask.any() or part == "skin":
            with results.replacing(parts / f"{number:05d}_{part}.png") as temporary:
                Image.fromarray(mask.astype(np.uint8) * 255).save(temporary)


def split_parts(label: np.ndarray) -> dict[str, np.ndarray]:
    """Split a label (S, S) into part -> (S, S) bool.

    Left and right are the picture's, from the middle of the nose (or of the face); lips are split at mid-height.
    """
    rows, columns = np.indices(label.shape)
    middle = [columns[label == INDEX[name]] for name in ("nose", "face")]
    centre = next((found.mean() for found in middle if len(found)), label.shape[1] / 2)
    lips = rows[label == INDEX["lips"]]
    half = lips.mean() if len(lips) else 0.0
    parts = {}
    for part, name in _PARTS.items():
        mask = label == INDEX[name]
        if part in ("l_eye", "l_brow", "l_ear"):
            mask = mask & (columns < centre)
        elif part in ("r_eye", "r_brow", "r_ear"):
            mask = mask & (columns >= centre)
        elif part in ("u_lip", "l_lip"):
            mask = mask & ((rows < half) == (part == "u_lip"))
        parts[part] = mask
    return parts


def _write_summary(folder: Path, plan: list[Picture], settings: DataSetSettings) -> None:
    if settings.layout == "mut1ny":
        results.write_text(folder / "training.xml", index_xml(plan))
    table = attributes_table(plan)
    with results.replacing(folder / "contact_sheet.png") as temporary:
        _sheet(folder, plan).save(temporary)
    results.write_text(folder / "datasheet.md", datasheet(table, settings))
    results.write_csv(folder / "attributes.csv", table)


def _sheet(folder: Path, plan: list[Picture]) -> Image.Image:
    step = max(1, len(plan) // _SHEET_PICTURES)
    shown = []
    for picture in plan[::step][:_SHEET_PICTURES]:
        files = (folder / picture.sample, folder / picture.label)
        image, coloured = (np.asarray(Image.open(file).convert("RGB")) for file in files)
        label = decode(coloured)[0]
        shown.append(Rendering(image, label, (label > 0).astype(np.float32)))
    return contact_sheet(shown, min(8, len(shown)))


def datasheet(table: pd.DataFrame, settings: DataSetSettings) -> str:
    """Compose the datasheet: what is in it, how it was made, what it is for and what it is not for.

    Source: its questions are those of T. Gebru et al., "Datasheets for datasets", Communications of the ACM 64 (2021).
    """

    def shares(column: str) -> str:
        counts = Counter(table[column])
        return f"| {column} | " + ", ".join(f"{name} {counts[name]}" for name in sorted(counts)) + " |"

    rows = "\n".join(shares(name) for name in ("group", "gender", "emotion", "light", "glasses", "hair", "facial_hair"))
    numbers = "\n".join(
        f"| {name} | {table[name].min():.1f} to {table[name].max():.1f}, median {table[name].median():.1f} |"
        for name in ("age", "skin_tone", "yaw")
    )
    return _DATASHEET.format(
        pictures=len(table), people=settings.people, shots=settings.shots, size=settings.size, layout=settings.layout,
        population=settings.population, seed=settings.seed, rows=rows, numbers=numbers, classes=", ".join(CLASS_NAMES),
        labels=f' --labels "{settings.rules}"' if str(settings.rules) else "",
        rules="\n".join(f"| {name} | {value} |" for name, value in dataclasses.asdict(settings.rules).items()),
    )  # fmt: skip


_DATASHEET = """# Datasheet of a rendered head data set

{pictures} pictures of {people} people that do not exist, {shots} of each, {size} x {size} pixels.
Made by `facefair render --people {people} --shots {shots} --size {size} --layout {layout} \
--population {population} --seed {seed}{labels}`.

## What is in it
Classes, in index order: {classes}. A label is the class of most of the rays that made a pixel: exact, no annotator.
`attributes.csv` says per picture what was rendered. Where data sets differ, these labels follow:

| what | is labelled as |
|---|---|
{rules}

Lashes and lids are face, the open mouth and the tongue lips, cloth and whatever hides the face background; the scalp
between strands inside the hairline is hair. Dark lenses are specs.

| attribute | pictures |
|---|---|
{rows}

| attribute | range |
|---|---|
{numbers}

Population "balanced": only ancestry, skin tone, hair texture, hair colour and iris colour depend on the group.
Population "wild": age, glasses, headwear, light and pose depend on it too, by made-up shares (`in_the_wild`).

## Intended use
Training and auditing segmentation of heads; teaching. Counterfactual pairs come from `counterfactual.counterfactuals`.

## Limits
- Groups are three ancestries of a parametric body model and stand for no person's own description of themselves.
- People are 18 to 80 years old, have no disabilities, scars, tattoos or medical conditions, and two genders.
- Pictures are simpler than photographs: a gap that a network shows here need not be its gap on photographs.
- Skin tones are points on the Monk scale as albedo; the tone in the picture also depends on light and exposure.
- Not for identifying people, for guessing anybody's group, emotion or gender, or for decisions about people.

## Licences
Body shapes: Anny (code Apache-2.0), its data CC0. Rendering code: this repository's licence. No photograph, scan or
biometric record of any person went into the pictures.
"""
