"""Helen with the face parsing labels of Smith et al.: 2,330 photographs, eleven probability maps each.

Source: Smith, Zhang, Brandt, Lin and Yang, "Exemplar-based face parsing", CVPR 2013; the release's README.txt at
pages.cs.wisc.edu/~lizhang/projects/face-parsing. The photographs are those of Le et al., ECCV 2012.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from facefair_lib.data.images import read_label_values
from facefair_lib.data.manifest import make_manifest
from facefair_lib.data.readers.base import Reader, Row, first_names
from facefair_lib.data.readers.files import by_stem, list_files, list_folders, name_of, pair_by_stem, place_in
from facefair_lib.data.readers.masked.label_values import ELEVEN_PARTS
from facefair_lib.data.spreadsheet import read_text
from facefair_lib.errors import InputError
from facefair_lib.store.progress import Advance

LISTS = ("exemplars", "tuning", "testing")
"""The release's own three parts; each ``<part>.txt`` has lines ``<number> , <name>``."""


class HelenReader(Reader):
    """Helen (Smith): ``images/<name>.jpg`` and ``labels/<name>/<name>_lbl00.png`` to ``_lbl10.png``.

    A pixel takes the part with the largest probability; of equal ones the first, background before skin. Skin excludes
    ears and neck, which are background. Merged and left out as in LaPa.
    """

    name = "helen"
    default_fit = "pad"
    expected_classes = ELEVEN_PARTS.expected_classes
    layout = "images/*.jpg and labels/<name>/<name>_lbl00.png to _lbl10.png"
    folders = ("images", "labels")

    @classmethod
    def holds(cls, folder: Path) -> bool:
        """Whether ``images`` is there, and in ``labels`` a folder with probability maps."""
        if not ((folder / "images").is_dir() and (folder / "labels").is_dir()):
            return False
        return any(next(path.glob("*_lbl00.png"), None) for path in (folder / "labels").iterdir() if path.is_dir())

    def read(self, progress: Advance | None = None) -> pd.DataFrame:
        """Pair photographs and label folders, and check them against the release's lists where these are there.

        Raises
        ------
        InputError
            for a photograph without labels or the reverse, or a name in a list that has no photograph
        """
        places = self.root / "images", self.root / "labels"
        images = by_stem(list_files(self.root, places[0], (".jpg", ".jpeg")))
        labels = {name_of(folder.name): folder for folder in list_folders(self.root, places[1])}
        part_of = self._read_lists(set(images))
        rows = [
            {
                "image_id": name,
                "image_path": place_in(self.root, images[name]),
                "label_path": place_in(self.root, labels[name] / f"{labels[name].name}_lbl00.png"),
                "source": self.name,
                "category": "",
                "folder": part_of.get(name, "images"),
                # 232194_1 is the first face of photograph 232194: faces of one photograph stay on one side of a split.
                "subject_id": name.rpartition("_")[0] or name,
            }
            for name in pair_by_stem(images, labels, places)
        ]
        self.notes = [
            "Who is on the photographs is not published: faces of one photograph count as one person, all others as "
            "persons of their own."
        ]
        return make_manifest(rows, self.root)

    def decode(self, row: Row) -> np.ndarray:
        """Decode eleven probability maps: each pixel takes the likeliest part."""
        first = self.file(row["label_path"])
        paths = [first.with_name(first.name.replace("_lbl00", f"_lbl{number:02d}")) for number in ELEVEN_PARTS.names]
        maps = [read_label_values(path) for path in paths]  # 11 x (H, W)
        for path, probabilities in zip(paths, maps, strict=True):
            if probabilities.shape != maps[0].shape:
                raise InputError(
                    path,
                    found=f"a map of {probabilities.shape[1]}x{probabilities.shape[0]} pixels",
                    expected=f"{maps[0].shape[1]}x{maps[0].shape[0]} pixels, the size of {first.name}",
                    do="unpack the labels again; the original and the resized release must not be mixed",
                )
        return ELEVEN_PARTS.decode(np.stack(maps).argmax(0), first)

    def _read_lists(self, known: set[str]) -> dict[str, str]:
        part_of = {}
        for part in LISTS:
            path = self.root / f"{part}.txt"
            if not path.is_file():
                continue
            lines = read_text(path).splitlines()
            names = [name_of(line.rpartition(",")[2].strip()) for line in lines if line.strip()]
            missing = [name for name in names if name not in known]
            if missing:
                raise InputError(
                    path,
                    found=f"{len(missing)} names without a photograph ({first_names(missing)})",
                    expected="a file images/<name>.jpg for each",
                    do="unpack the data set again",
                )
            part_of |= dict.fromkeys(names, part)
        return part_of
