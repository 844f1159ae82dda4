"""Good files of every kind that facefair reads, ways to spoil them, and a target for a fuzzer that spoils them.

Where atheris is installed: ``python tests/unit/data/spoilt_files.py [FOLDER OF INPUTS] -max_total_time=600``.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import published_layouts
import torch
from PIL import Image
from tiny_datasets import manifest_of, photograph, save, stripes, write_index

from facefair_lib.data import images
from facefair_lib.data.arrays import open_arrays
from facefair_lib.data.manifest import load_manifest, save_manifest
from facefair_lib.data.published.experiment_table import read_experiment_table
from facefair_lib.data.readers.masked.fasseg import COLOURS
from facefair_lib.data.readers.opening import open_reader
from facefair_lib.errors import InputError
from facefair_lib.models import packed
from facefair_lib.models.fitted import load_network
from facefair_lib.report.results_reader import Results
from facefair_lib.reproduction.table_reader import read_scores
from facefair_lib.settings import paths
from facefair_lib.settings.labels import IGNORE_INDEX, NUM_CLASSES, encode
from facefair_lib.settings.plan import load_plan
from facefair_lib.settings.profiles import ONE_VIEW, ModelSettings, load_profile
from facefair_lib.settings.shipped import Card
from facefair_lib.store import results
from facefair_lib.training.resume import recall

MODEL = ModelSettings(backbone="resnet18", weights="none", output_stride=8, channels=16, epochs=1, learning_rate=0.003)


class Kind(NamedTuple):
    """A kind of file or of data set.

    Attributes
    ----------
    make : writes good files into an empty folder
    read : reads them from there, as facefair does
    tells : whether it tells its own files from those of all other kinds
    """

    make: Callable[[Path], object]
    read: Callable[[Path], object]
    tells: bool = False


def read_set(name: str, root: Path) -> None:
    """Read a data set and every pair in it."""
    inside = root / "CFD Version 3.0"
    options = {"palette": "paper"} if name in ("mut1ny", "rendered", "photos") else {}
    reader = open_reader(name, inside if inside.is_dir() else root, **options)
    for row in reader.read().to_dict("records"):
        image, mask = reader.pair(row)
        assert image.dtype == mask.dtype == np.uint8 and image.shape == (*mask.shape, 3)
        assert np.isin(mask, [*range(NUM_CLASSES), IGNORE_INDEX]).all()
        assert all(np.isfinite(row[number]) or np.isnan(row[number]) for number in ("age", "skin_tone", "yaw"))


def mut1ny(root: Path) -> None:
    pairs = [("femalealison1_sun/a1.png", "femalealison1/a1.png"), ("real_photos/r1.png", "real/r1.png")]
    for seed, (sample, label) in enumerate(pairs):
        save(root / "samples" / sample, photograph(seed))
        save(root / "labels" / label, encode(stripes(("face", "hair", "teeth"))))
    write_index(root, pairs)
    header = "image,subject,group,gender,age,emotion,skin_tone,yaw,light\n"
    rows = "femalealison1_sun/a1.png,ann,asian,female,31,happy,4,0,day\nreal_photos/r1.png,bob,black,male,,sad,9,-5,\n"
    (root / "attributes.csv").write_text(header + rows, encoding="utf-8")


def fasseg(root: Path) -> None:
    for version, name in (("V2", "1.bmp"), ("V3", "0/personne03246+0+0.bmp")):
        save(root / version / "Train_RGB" / name, photograph(1, (12, 8)))
        label = np.repeat(COLOURS[np.arange(12) // 2][:, None], 8, 1)
        save(root / version / ("Train_Labels" if version == "V2" else "Train_labels") / name, label)


def photos(root: Path) -> None:
    save(root / "a.jpg", photograph(1))
    save(root / "b.png", photograph(2))
    save(root / "b_mask.png", encode(stripes(("face", "hair"))))
    rows = "a.jpg,007,asian,happy,,31,4\nb.png,NA,black,sad,b_mask.png,,\n"
    (root / "photos.csv").write_text("image,subject,group,emotion,mask,age,skin_tone\n" + rows, encoding="utf-8")


def text_file(name: str, text: str) -> Callable[[Path], object]:
    return lambda folder: (folder / name).write_text(text, encoding="utf-8")


def picture(name: str, mode: str = "RGB") -> Callable[[Path], object]:
    return lambda folder: Image.fromarray(photograph(3, (9, 7))).convert(mode).save(folder / name)


def profile(folder: Path) -> None:
    """Two profiles, one of which extends the other."""
    for name in ("quick", "smoke"):
        (folder / f"{name}.yaml").write_bytes((paths.PROFILES / f"{name}.yaml").read_bytes())


def arrays(folder: Path) -> None:
    results.write_array(folder / "images.npy", np.zeros((2, 8, 8, 3), np.uint8))
    results.write_array(folder / "labels.npy", np.zeros((2, 8, 8), np.uint8))


def shipped(folder: Path) -> None:
    card = Card(
        model="pspnet", settings=MODEL, size=64, inference=ONE_VIEW, profile="long", data="some people",
        data_digest="0a1b", commit="f41cb82", iou=0.5,
    )  # fmt: skip
    packed.pack(folder / "a.safetensors", packed_network(), card)


def packed_network() -> torch.nn.Module:
    from facefair_lib.models.build import model_from_settings

    return model_from_settings("pspnet", MODEL)


def scores(folder: Path) -> None:
    with results.replacing(folder / "scores.npz") as temporary:
        np.savez_compressed(temporary, counts=np.arange(121).reshape(11, 11), seconds=1.5)


SETS: dict[str, Callable[[Path], object]] = {
    **published_layouts.LAYOUTS, **{writer.__name__: writer for writer in (mut1ny, fasseg, photos)}, "rendered": mut1ny
}  # fmt: skip
NUMBERED = "model,f1,iou,note\npspnet,48.18,31.7,\ndeeplabv3,50.1,33.42,best\n"
TABLE = "image_id,group,iou,share\n00012,asian,0.5,1e-07\n1e3,,0.25,\n"
KINDS: Mapping[str, Kind] = {
    **{name: Kind(writer, partial(read_set, name)) for name, writer in SETS.items()},
    **{
        name: Kind(picture(name), lambda folder, name=name: images.read_rgb(folder / name))
        for name in ("a.jpg", "a.png", "a.tiff", "a.webp", "a.bmp", "a.gif")
    },
    "label.png": Kind(picture("label.png", "P"), lambda folder: images.read_label_rgb(folder / "label.png")),
    "values.png": Kind(picture("values.png", "L"), lambda folder: images.read_label_values(folder / "values.png")),
    "photos.csv": Kind(photos, lambda folder: read_experiment_table(folder / "photos.csv")),
    "scores.csv": Kind(
        text_file("scores.csv", NUMBERED), lambda folder: read_scores(folder / "scores.csv", percent=True)
    ),
    "results.csv": Kind(text_file("t.csv", TABLE), lambda folder: results.Stage(folder).table("t")),
    "published.csv": Kind(
        text_file("published.csv", NUMBERED),
        lambda folder: Results(folder, folder).cell("report/published", "f1", model="pspnet"), tells=True,
    ),
    "manifest.parquet": Kind(
        lambda folder: save_manifest(manifest_of({"ann": 2}), folder / "m.parquet", folder),
        lambda folder: load_manifest(folder / "m.parquet"), tells=True,
    ),
    "packed.npy": Kind(arrays, open_arrays, tells=True),
    "result.npy": Kind(
        lambda folder: results.write_array(folder / "a.npy", np.arange(12.0)),
        lambda folder: [np.sum(results.Stage(folder).array("a", memory_map=mapped)) for mapped in (True, False)],
    ),
    "scores.npz": Kind(scores, lambda folder: results.read_arrays(folder / "scores.npz"), tells=True),
    "provenance.json": Kind(
        text_file("provenance.json", json.dumps({"files": ["a.csv"], "code": ["x 1"]})),
        lambda folder: results.read_json(folder / "provenance.json"),
    ),
    "fit.json": Kind(
        lambda folder: results.write_json(folder / "fit.json", {"key": "1", "description": [["epochs", 1]]}),
        lambda folder: recall(folder, "key"),
    ),
    "profile.yaml": Kind(profile, lambda folder: load_profile("smoke", folder)),
    "plan.yaml": Kind(
        lambda folder: (folder / "plan.yaml").write_bytes(paths.PLAN.read_bytes()),
        lambda folder: load_plan(folder / "plan.yaml"), tells=True,
    ),
    "best.pt": Kind(
        lambda folder: torch.save(packed_network().state_dict(), folder / "best.pt"),
        lambda folder: load_network("pspnet", MODEL, folder / "best.pt"), tells=True,
    ),
    "a.safetensors": Kind(shipped, lambda folder: packed.unpack(folder / "a.safetensors"), tells=True),
}  # fmt: skip

STRANGE = (
    *("nan", "inf", "-1", "1e999", "9" * 5000, "0x10", "2026-02-30", "=1+1", "", "é", '"', "\0", "\n,\r\n"),
    *("[" * 3000, "!!python/name:os.system", "*a", "&a [*a, *a]"),
)
"""What stands in the place of a number."""


def _instead_of_a_number(good: bytes, place: int, extra: bytes) -> bytes:
    number = re.compile(rb"\d+").search(good, place) or re.compile(rb"\d+|$").search(good)
    return good[: number.start()] + STRANGE[extra[0] % len(STRANGE)].encode() + good[number.end() :]


def _recoded(good: bytes, place: int, extra: bytes) -> bytes:
    text = good.decode("utf-8", "replace")
    if extra[0] % 2:
        text = text.replace("\n", ("\r\n", "\r", "\n\n", "\u2028")[place % 4])
    return text.encode(("utf-8-sig", "utf-16", "utf-16-le", "utf-32", "cp037", "latin-1")[extra[0] % 6], "replace")


SPOIL: Mapping[str, Callable[[bytes, int, bytes], bytes]] = {
    "cut off": lambda good, place, extra: good[:place],
    "bits flipped": lambda good, place, extra: good[:place] + bytes([good[place] ^ extra[0]]) + good[place + 1 :],
    "something put in": lambda good, place, extra: good[:place] + extra + good[place:],
    "written over": lambda good, place, extra: good[:place] + extra + good[place + len(extra) :],
    "a part lost": lambda good, place, extra: good[:place] + good[place + len(extra) :],
    "a size beyond all bounds": lambda good, place, extra: good[:place] + b"\xff\xff\xff\x7f" + good[place + 4 :],
    "a part twice": lambda good, place, extra: good[:place] + good[max(0, place - 8 * len(extra)) :],
    "no number": _instead_of_a_number,
    "another encoding": _recoded,
    "noise": lambda good, place, extra: extra,
}
"""What happened to a file -> its bytes, given the good ones, a place among them and some other bytes."""


class Place:
    """A folder with the good files of a kind, one of which is spoilt at a time.

    Parameters
    ----------
    folder : new or empty
    """

    def __init__(self, folder: Path, kind: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.name, self.kind = folder, kind, KINDS[kind]
        self.kind.make(folder)
        self.good = {path: path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
        self.names = sorted(folder.rglob("*"))

    def refusal(self, path: Path, content: bytes) -> str:
        """Read the kind with other bytes in one of its files; what is said against them, or "".

        Any other error than InputError is passed on. Nothing may be left behind, and good files must stay as they are.
        """
        path.write_bytes(content)
        try:
            return self.read()
        finally:
            assert sorted(self.folder.rglob("*")) == self.names
            assert path.read_bytes() == content
            path.write_bytes(self.good[path])

    def read(self) -> str:
        """Read the kind; what is said against its files, or ""."""
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of damaged EXIF and the like, which facefair's users do not see
                self.kind.read(self.folder)
        except InputError as error:
            assert "\n  do:       " in str(error) and len(str(error)) < 20_000
            return str(error)
        return ""

    def replaced(self, path: Path, what: str) -> str:
        """Read the kind where one of its files is something else; what is said against it, or ""."""
        path.unlink()
        try:
            OTHER_THINGS[what](path)
            return self.read()
        finally:
            path.rmdir() if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
            path.write_bytes(self.good[path])


def _closed(path: Path) -> None:
    path.touch(0)
    if os.access(path, os.R_OK):  # root may read everything but this
        path.unlink()
        path.symlink_to("/proc/self/mem")


OTHER_THINGS: Mapping[str, Callable[[Path], object]] = {
    "nothing": lambda path: None,
    "a folder": Path.mkdir,
    "a link to itself": lambda path: path.symlink_to(path),
    "a link to its folder": lambda path: path.symlink_to(path.parent),
    "a closed file": _closed,
}
"""What may lie where a file belongs -> makes it."""


def fuzz_one(data: bytes, folder: Path, places: dict[str, Place]) -> None:
    """Read a kind with one file's bytes replaced; the first two bytes choose the kind and the file.

    Good files are made in ``folder`` once for each kind, and kept in ``places``.
    """
    if len(data) < 2:
        return
    kind = list(KINDS)[data[0] % len(KINDS)]
    if kind not in places:
        places[kind] = Place(folder / f"place {len(places)}", kind)
    files = list(places[kind].good)
    places[kind].refusal(files[data[1] % len(files)], data[2:])


def seeds() -> Iterator[bytes]:
    """What ``fuzz_one`` takes for every good file."""
    with tempfile.TemporaryDirectory() as folder:
        for number, kind in enumerate(KINDS):
            for place, content in enumerate(Place(Path(folder) / str(number), kind).good.values()):
                yield bytes([number, place]) + content


def main() -> None:
    """Let atheris spoil files until one is found that is neither read nor refused in words."""
    import atheris

    for name, module in list(sys.modules.items()):
        if name.startswith(("facefair_lib.data", "facefair_lib.store", "facefair_lib.settings", "facefair_lib.models")):
            for key, function in list(vars(module).items()):
                if getattr(function, "__module__", "") == name and hasattr(function, "__code__"):
                    setattr(module, key, atheris.instrument_func(function))
    places: dict[str, Place] = {}
    with tempfile.TemporaryDirectory() as corpus, tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(seeds()):
            (Path(corpus) / str(number)).write_bytes(seed)
        atheris.Setup([*sys.argv, corpus], lambda data: fuzz_one(data, Path(folder), places))
        atheris.Fuzz()


if __name__ == "__main__":
    main()
