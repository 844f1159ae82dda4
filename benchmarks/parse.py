"""Heads found, missed and invented in rendered scenes and in folders of photographs, and photographs parsed a second.

Run it from the repository's root::

    python benchmarks/parse.py [--profile shipped] [--model pspnet] [--scenes 10] [--people 30] [--photos FOLDER ...]

Measured in November 2026 with a light PSPNet of 128 pixels: 80 portraits of 512 pixels, on two cores of an AMD EPYC
that other work kept busy (load 4 to 5.3). CPU time of a portrait, and portraits a second beside that work:

* before: one process 162 to 170 ms, 4.1 to 6.0 a second; two processes 304 to 324 ms, 2.0 to 3.2 a second, as each of
  them imported torch, timm and the rest
* now: one process 107 to 127 ms, 3.9 to 6.6 a second; two processes 113 to 124 ms, 4.2 to 8.1 a second

On the same two cores with nothing else running, with the networks that come with the package (192 pixels): one process
7.1 a second, two processes 14.1, 139 ms each.

DeepLabV3's heads, since the network confirms them: in the scenes here 127 of 150 found and none invented, in those of a
pattern alone none either (before: 123, 2 and 4); at least 29 of 30 people of each tone; 48 of 50 pictures of
FaceSynthetics with just one, 2 with more; 198 of 200 tight crops of FairFace with one, 2 with none. The PSPNet of
``quick`` finds as many: 127 of 150, none invented, at least 29 of 30 people of each tone.

What made the difference, in CPU ms of a portrait under a profiler: PNG overlays that pack only runs (7 % larger) 36;
batch norms fused into convolutions, and no square evaluated twice, 15 to 20; the detector in channels_last, without
added zero channels, 13; heads merged 4. Processes that are copies of the first (Linux) start within 0.1 s. In 58
portraits and scenes, parsed by both networks, all heads stayed the same to the bit, and 99.9999 % of the pixels.

A network of 256 pixels takes 50 ms more. Tried and left out: a traced network (make_fx) answers 8 % sooner; heads in
batches of four take 10 to 20 % less of the network's time, but a portrait has one.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from PIL import Image

from facefair_heads import render, sample_person, sample_shot
from facefair_lib.parse.files import Wanted, parse_files
from facefair_lib.parse.finding import Head
from facefair_lib.parse.parser import Parser
from facefair_lib.parse.photos import read_photo, search_photos
from facefair_lib.parse.squares import Box
from facefair_lib.parse.trained import trained_parser
from facefair_lib.settings.labels import GROUPS, INDEX
from facefair_lib.settings.shipped import SHIPPED
from facefair_lib.store.processes import available_cores

SIDE = 512  # of scenes and portraits, in pixels
_FACE = [INDEX[name] for name in ("face", "eyes", "eyebrows", "nose", "lips", "teeth", "specs", "facial_hair")]


def scene(heads: int, seed: int) -> tuple[np.ndarray, list[Box]]:
    """A picture of ``heads`` people in front of a pattern, and where their faces are."""
    random = np.random.default_rng(seed)
    rough = random.integers(0, 256, (*random.integers(2, 24, 2), 3), np.uint8)
    picture = np.array(Image.fromarray(rough).resize((SIDE, SIDE), Image.Resampling.BICUBIC))
    faces = []
    for place in range(heads):
        side = int(random.integers(90, 160))
        person = sample_person(int(random.integers(1 << 30)), group=GROUPS[place % len(GROUPS)])
        made = render(person, sample_shot(int(random.integers(1 << 30)), occluder=None), side)
        top, left = random.integers(0, SIDE // 2 - side, 2) + (SIDE // 2) * np.array([place // 3, 0])
        left = left % (SIDE // 3 - 10) + (place % 3) * SIDE // 3 if heads > 2 else left + place * SIDE // 2
        left = min(int(left), SIDE - side)
        behind = picture[top : top + side, left : left + side]
        behind[:] = np.where(made.coverage[..., None] > 0.5, made.rgb, behind)
        rows, columns = np.nonzero(np.isin(made.label, _FACE))
        faces.append(Box(top + rows.min(), left + columns.min(), top + rows.max(), left + columns.max()))
    return picture, faces


def counts(shown: list[Box], found: tuple[Head, ...]) -> tuple[int, int, int]:
    """Faces found, faces missed, and heads found where none is."""
    hit = sum(any(head.face.overlap(face) > 0.5 for head in found) for face in shown)
    false = sum(not any(head.face.overlap(face) > 0.5 for face in shown) for head in found)
    return hit, len(shown) - hit, false


def scenes(parser: Parser, number: int) -> pd.DataFrame:
    """Scenes of zero to five heads."""
    rows = []
    for heads in range(6):
        made = (scene(heads, 100 * heads + each) for each in range(number))
        found, missed, false = np.sum([counts(faces, parser.parse(picture).heads) for picture, faces in made], axis=0)
        rows.append({"heads": heads, "scenes": number, "found": found, "missed": missed, "invented": false})
    return pd.DataFrame(rows)


def tones(parser: Parser, people: int) -> pd.DataFrame:
    """The same people in every tone of the Monk scale: how many are found."""
    rows = []
    for tone in range(1, 11):
        found = 0
        for seed in range(people):
            person = sample_person(seed, group=GROUPS[seed % len(GROUPS)], tone=tone)
            found += bool(parser.parse(render(person, sample_shot(seed, occluder=None), 256).rgb).heads)
        rows.append({"tone": tone, "people": people, "found": found})
    return pd.DataFrame(rows)


def folders(parser: Parser, names: list[str]) -> pd.DataFrame:
    """Photographs of one head each: with none found, with one, with more."""
    rows = []
    for name in names:
        heads = np.array([len(parser.parse(read_photo(photo)).heads) for photo in search_photos([name]).photos])
        rows.append({"folder": name, "none": sum(heads == 0), "one": sum(heads == 1), "more": sum(heads > 1)})
    return pd.DataFrame(rows)


def speed(parser: Parser, number: int = 80) -> pd.DataFrame:
    """Portraits parsed and written a second, by one process and by one per core, and CPU time for each, in ms."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        photos = [Path(folder) / f"{each}.jpg" for each in range(number)]
        for each, photo in enumerate(photos):
            made = render(sample_person(each), sample_shot(each), 256).rgb
            Image.fromarray(made).resize((SIDE, SIDE)).save(photo, quality=92)
        for processes in sorted({1, available_cores()}):
            begin, used = time.perf_counter(), cpu_seconds()
            parse_files(photos, parser, Path(folder) / f"out{processes}", Wanted(), processes=processes)
            rate, each = number / (time.perf_counter() - begin), 1000 * (cpu_seconds() - used) / number
            rows.append({"processes": processes, "portraits_a_second": rate, "cpu_ms_each": each})
    return pd.DataFrame(rows)


def cpu_seconds() -> float:
    """CPU time of this process and of those that it has started and that have ended."""
    return sum(os.times()[:4])


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument(
        "--profile", default=SHIPPED, help="whose network; shipped: the one that comes with the package"
    )
    options.add_argument("--model", default="", help="by default the package's better one, or a study's PSPNet")
    options.add_argument("--weights", type=Path, help="best.pt of a fit of this profile")
    options.add_argument("--scenes", type=int, default=10, help="of each number of heads")
    options.add_argument("--people", type=int, default=30, help="of each skin tone")
    options.add_argument("--photos", nargs="*", default=[], help="folders of photographs of one head each")
    chosen = options.parse_args()
    torch.set_num_threads(1)
    parser = trained_parser(chosen.model, chosen.profile, chosen.weights)
    for table in (
        scenes(parser, chosen.scenes),
        tones(parser, chosen.people),
        *([folders(parser, chosen.photos)] if chosen.photos else []),
        speed(parser),
    ):
        print(table.to_string(index=False, float_format="%.1f"), end="\n\n", flush=True)


if __name__ == "__main__":
    main()
