"""Writes the published layout of each data set with a few tiny pictures, as its owner lays it out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tiny_datasets import photograph, save

from facefair_lib.data.readers.masked.celebamask import PARTS

SHAPE = (6, 8)


def picture(path: Path, seed: int = 0, shape: tuple[int, int] = SHAPE) -> Path:
    """A photograph; JPEG where the name says so."""
    return save(path, photograph(seed, shape))


def values(path: Path, rows: Sequence[int], shape: tuple[int, int] = SHAPE) -> Path:
    """A label file whose k-th column holds the k-th value; columns beyond them hold 0."""
    label = np.zeros(shape, np.uint8)
    label[:, : len(rows)] = rows
    return save(path, label)


def lapa(root: Path, extra: int = 0) -> Path:
    """``extra`` photographs more in train, of several sizes, each with all eleven values."""
    for part, names in (("train", ("10009865324_0", "AFW_134212_1_0")), ("val", ("3",)), ("test", ("4",))):
        for name in names:
            picture(root / part / "images" / f"{name}.jpg", len(part + name))
            values(root / part / "labels" / f"{name}.png", range(8))
            landmarks = root / part / "landmarks" / f"{name}.txt"
            landmarks.parent.mkdir(parents=True, exist_ok=True)
            landmarks.write_text("106\n1.0 2.0\n", encoding="utf-8")
    for number in range(extra):
        shape = (40 + number, 33)
        picture(root / "train" / "images" / f"1{number:04d}_0.jpg", 100 + number, shape)
        values(root / "train" / "labels" / f"1{number:04d}_0.png", range(11), shape)
    return root


def helen(root: Path, extra: int = 0) -> Path:
    """``extra`` photographs more, which no list names."""
    more = [f"3{number:05d}_1" for number in range(extra)]
    for seed, name in enumerate(("232194_1", "232194_2", "100032540_1", *more)):
        picture(root / "images" / f"{name}.jpg", seed)
        for part in range(11):  # column k is most likely part k; all are a little likely to be background
            probabilities = np.full((6, 12), 40 if part == 0 else 0, np.uint8)
            probabilities[:, part] = 200
            save(root / "labels" / name / f"{name}_lbl{part:02d}.png", probabilities)
        picture(root / "images" / f"{name}.jpg", seed, (6, 12))
    (root / "exemplars.txt").write_text("1 , 232194_1\n2 , 232194_2\n", encoding="utf-8")
    (root / "testing.txt").write_text("\n1 , 100032540_1\n", encoding="utf-8")
    return root


def ibugmask(root: Path, extra: int = 0) -> Path:
    """``extra`` photographs more to test with, each with all eleven values."""
    names = ("train/232194_1_00", "train/232194_1_01", "train/30844800_1_00", "test/0001", "test/0002")
    for seed, name in enumerate(names):
        picture(root / f"{name}.jpg", seed)
        values(root / f"{name}.png", range(8))
    for number in range(extra):
        picture(root / f"test/1{number:03d}.jpg", 100 + number, (40, 33))
        values(root / f"test/1{number:03d}.png", range(11), (40, 33))
    return root


def facesynthetics(root: Path, extra: int = 0) -> Path:
    for number in range(3 + extra):
        picture(root / f"{number:06d}.png", number, (6, 20))
        values(root / f"{number:06d}_seg.png", [*range(19), 255], (6, 20))
        (root / f"{number:06d}_ldmks.txt").write_text("1.0 2.0\n", encoding="utf-8")
    return root


def celebamask(root: Path, extra: int = 0) -> Path:
    """Picture 0 with nested parts, picture 2001 with skin only; folders 0 and 1. ``extra`` more with every part."""
    for number in range(1, 1 + extra):
        picture(root / "CelebA-HQ-img" / f"{number}.jpg", 100 + number, (128, 128))
        for place, part in enumerate(PARTS):
            _part(root, number, part, 28 * place, 0, 28 * place + 28, 400)
    for number, side in ((0, 1024), (2001, 128)):
        picture(root / "CelebA-HQ-img" / f"{number}.jpg", number, (side, side))
    boxes = {
        "skin": (100, 100, 400, 400),
        "eye_g": (150, 150, 200, 350),
        "l_eye": (160, 160, 180, 180),
        "mouth": (300, 200, 340, 300),
        "u_lip": (300, 200, 310, 300),
        "hair": (0, 100, 120, 400),
        "hat": (0, 100, 50, 400),
        "neck": (400, 200, 500, 300),
        "ear_r": (250, 90, 260, 100),
    }
    for part, (top, left, bottom, right) in boxes.items():
        _part(root, 0, part, top, left, bottom, right)
    _part(root, 2001, "skin", 0, 0, 512, 256)
    (root / "CelebA-HQ-to-CelebA-mapping.txt").write_text(
        "idx          orig_idx      orig_file\n0            119613        119614.jpg\n2001  99093  099094.jpg\n",
        encoding="utf-8",
    )
    (root / "CelebAMask-HQ-attribute-anno.txt").write_text(
        "2\n5_o_Clock_Shadow Male Young\n0.jpg -1 -1  1\n2001.jpg -1  1  1\n", encoding="utf-8"
    )
    return root


def _part(root: Path, number: int, part: str, top: int, left: int, bottom: int, right: int) -> None:
    drawn = np.zeros((512, 512, 3), np.uint8)
    drawn[top:bottom, left:right] = 255
    save(root / "CelebAMask-HQ-mask-anno" / str(number // 2000) / f"{number:05d}_{part}.png", drawn)


def jaffe(root: Path) -> Path:
    names = ("KA.AN1.39", "KA.HA2.30", "KA.SA1.33", "KL.SA1.171", "KL.HA1.158", "KM.AN1.17", "KM.NE1.1", "TM.SU1.180")
    for seed, name in enumerate(names):
        save(root / f"{name}.tiff", photograph(seed, SHAPE)[..., 0])
    (root / "README_FIRST.txt").write_text("The Japanese Female Facial Expression Database\n", encoding="utf-8")
    return root


def ckplus(root: Path) -> Path:
    sequences = {"S005/001": (3, 11), "S010/002": (7, 14), "S010/004": (5, 19), "S999/003": (None, 18)}
    for place, (code, peak) in sequences.items():
        person, sequence = place.split("/")
        for frame in (1, peak):
            picture(root / "cohn-kanade-images" / place / f"{person}_{sequence}_{frame:08d}.png", frame)
        label = root / "Emotion" / place / f"{person}_{sequence}_{peak:08d}_emotion.txt"
        label.parent.mkdir(parents=True, exist_ok=True)
        if code is not None:
            label.write_text(f"   {code:.7e}\n", encoding="utf-8")
    return root


def rafd(root: Path) -> Path:
    for person, kind, gender in (
        ("01", "Caucasian", "female"),
        ("05", "Caucasian", "male"),
        ("29", "Moroccan", "male"),
    ):
        for emotion in ("angry", "happy", "sad", "neutral"):
            picture(root / f"Rafd090_{person}_{kind}_{gender}_{emotion}_frontal.jpg", int(person))
    picture(root / "Rafd000_01_Caucasian_female_angry_frontal.jpg")
    picture(root / "Rafd135_01_Caucasian_female_angry_left.jpg")
    picture(root / "Rafd090_01_Caucasian_female_angry_left.jpg")
    picture(root / "Rafd090_64_Kid_male_happy_frontal.jpg")
    return root


def cfd(root: Path) -> Path:
    images = root / "CFD Version 3.0" / "Images"
    for person, shots in (
        ("AF-200", ("228-N", "092-A")),
        ("BM-001", ("014-N", "016-HO", "018-A")),
        ("WF-012", ("001-HC", "002-F")),
        ("LM-201", ("057-N",)),
    ):
        for shot in shots:
            picture(images / "CFD" / person / f"CFD-{person}-{shot}.jpg", len(shot))
    picture(images / "CFD-MR" / "MF-300" / "CFD-MF-300-002-N.jpg")
    picture(images / "CFD-INDIA" / "IF-600" / "CFD-IF-600-009-(2)-N.jpg")
    (root / "CFD Version 3.0" / "CFD 3.0 Norming Data and Codebook.xlsx").write_bytes(b"PK")
    return root / "CFD Version 3.0"


def fairface(root: Path) -> Path:
    rows = {
        "train": ["train/1.jpg,50-59,Male,East Asian,True", "train/2.jpg,3-9,Female,Latino_Hispanic,False"],
        "val": ["val/1.jpg,more than 70,Female,Black,False"],
    }
    for part, lines in rows.items():
        text = "\n".join(["file,age,gender,race,service_test", *lines]) + "\n"
        root.mkdir(parents=True, exist_ok=True)
        (root / f"fairface_label_{part}.csv").write_text(text, encoding="utf-8")
        for line in lines:
            picture(root / "fairface-img-margin025-trainval" / line.split(",")[0])
    return root


def utkface(root: Path) -> Path:
    for name in (
        "26_1_2_20170116163935423.jpg.chip.jpg",
        "100_0_0_20170112213500903.jpg",
        "61_1_20170109142408075.jpg.chip.jpg",
        "24_0_1_20170116220224657 .jpg.chip.jpg",
        "55_0_0_20170116232725357jpg.chip.jpg",
        "44_1_4_20170116235150272.pg.chip.jpg",
        "holiday.jpg",
    ):
        picture(root / name)
    return root


LAYOUTS = {
    writer.__name__: writer
    for writer in (
        celebamask,
        lapa,
        helen,
        ibugmask,
        facesynthetics,
        jaffe,
        ckplus,
        rafd,
        cfd,
        fairface,
        utkface,
    )
}
