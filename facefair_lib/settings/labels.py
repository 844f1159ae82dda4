"""The eleven classes, the groups and the emotions of the study, and the label colours: all are defined only here.

Two colour tables are in circulation for the Mut1ny head segmentation data. The course paper's Table I and the vendor's
sample program agree on eight classes and differ on ears, eyebrows and teeth. Both are kept here.

Source: course paper, Table I; vendor's sample program, as recorded in ``report/published.csv`` and the README.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

GROUPS = ("asian", "black", "caucasian")
EMOTIONS = ("sad", "happy", "angry")
"""The groups and emotions that are compared, in the order of every table."""

IGNORE_INDEX = 255
"""Label value of pixels that are neither trained on nor scored."""


@dataclass(frozen=True)
class FaceClass:
    """One class: its index, its names and its colours in label pictures and in figures."""

    index: int
    name: str
    title: str
    paper_rgb: tuple[int, int, int]
    vendor_rgb: tuple[int, int, int]
    display_rgb: tuple[int, int, int]


# display_rgb: distinct in hue AND lightness, so that overlays work with colour-vision deficiencies and in grey print.
CLASSES: tuple[FaceClass, ...] = (
    FaceClass(0, "background", "Background", (0, 0, 0), (0, 0, 0), (34, 40, 49)),
    FaceClass(1, "lips", "Lips / mouth", (255, 0, 0), (255, 0, 0), (204, 51, 63)),
    FaceClass(2, "eyes", "Eyes", (0, 255, 0), (0, 255, 0), (86, 220, 120)),
    FaceClass(3, "nose", "Nose", (0, 0, 255), (0, 0, 255), (58, 90, 200)),
    FaceClass(4, "face", "General face / head", (128, 128, 128), (128, 128, 128), (176, 170, 164)),
    FaceClass(5, "hair", "Hair", (255, 255, 0), (255, 255, 0), (240, 196, 25)),
    FaceClass(6, "eyebrows", "Eyebrows", (0, 255, 255), (255, 0, 255), (90, 200, 250)),
    FaceClass(7, "ears", "Ears", (255, 0, 255), (0, 255, 255), (200, 90, 190)),
    FaceClass(8, "teeth", "Teeth", (0, 128, 255), (255, 255, 255), (250, 250, 245)),
    FaceClass(9, "facial_hair", "Facial hair / beard", (255, 192, 192), (255, 192, 192), (238, 140, 110)),
    FaceClass(10, "specs", "Specs / sunglasses", (0, 128, 128), (0, 128, 128), (0, 120, 120)),
)

NUM_CLASSES = len(CLASSES)
CLASS_NAMES: tuple[str, ...] = tuple(face_class.name for face_class in CLASSES)
CLASS_TITLES: tuple[str, ...] = tuple(face_class.title for face_class in CLASSES)
INDEX: Mapping[str, int] = MappingProxyType({face_class.name: face_class.index for face_class in CLASSES})
FACE_PARTS = ("face", "lips", "eyes", "nose", "eyebrows", "teeth")
"""A mask without any of these classes shows no face at all."""
OPTIONAL_PARTS = ("specs", "facial_hair", "teeth")
"""Classes that a face may lack, so that a network can invent them."""
FIXED_CLASSES = tuple(name for name in CLASS_NAMES if name not in OPTIONAL_PARTS)
"""Classes that every head has, by which people are compared. More than four in five rendered pictures show each of them
(ears the fewest, as hair and turned heads hide them), and at most one in three each of the others."""

# In class order. Chosen by maximising the smallest CIE76 difference of any two colours, seen with normal vision and
# with simulated protanopia, deuteranopia and tritanopia (Machado, Oliveira and Fernandes, IEEE TVCG 15, 2009): it is
# above 30, compared with 5 for the paper's colours. A test repeats the measurement.
_SAFE = (
    (0, 0, 0),
    (238, 51, 0),
    (0, 221, 255),
    (0, 17, 255),
    (255, 255, 238),
    (119, 51, 34),
    (85, 0, 136),
    (221, 68, 153),
    (136, 187, 119),
    (187, 102, 255),
    (255, 204, 0),
)

PALETTES: Mapping[str, np.ndarray] = MappingProxyType(
    {
        "paper": np.array([c.paper_rgb for c in CLASSES], np.uint8),
        "vendor": np.array([c.vendor_rgb for c in CLASSES], np.uint8),
        "display": np.array([c.display_rgb for c in CLASSES], np.uint8),
        "safe": np.array(_SAFE, np.uint8),
    }
)
"""Palette name -> (11, 3) uint8 RGB, in class order."""

# Colours that exist in one of the two published tables only (teeth differ), so one pixel of them settles the question.
PALETTE_WITNESS: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {"paper": CLASSES[8].paper_rgb, "vendor": CLASSES[8].vendor_rgb}
)


def shows_face(masks: np.ndarray) -> np.ndarray:
    """Whether masks hold any part of a face: (..., H, W) uint8 class indices -> (...) bool.

    A mask without one is a mistake of its data set, such as CelebAMask-HQ's 04790: a network trained on it learns that
    a face is background.
    """
    return np.isin(masks, [INDEX[name] for name in FACE_PARTS]).any((-2, -1))


def pack_rgb(rgb: np.ndarray) -> np.ndarray:
    """Pack (..., 3) uint8 colours into (...) uint32 values ``0xRRGGBB``, which compare in one step."""
    wide = rgb.astype(np.uint32)
    return (wide[..., 0] << 16) | (wide[..., 1] << 8) | wide[..., 2]


def encode(mask: np.ndarray, palette: str = "paper") -> np.ndarray:
    """Colour an index mask.

    Parameters
    ----------
    mask : (H, W) uint8 class indices; 255 (ignore) becomes mid violet (120, 0, 160), which no palette holds

    Returns
    -------
    (H, W, 3) uint8 RGB
    """
    table = np.full((256, 3), (120, 0, 160), np.uint8)
    table[:NUM_CLASSES] = PALETTES[palette]
    return table[mask]


def decode(rgb: np.ndarray, palette: str | np.ndarray = "paper") -> tuple[np.ndarray, dict[tuple[int, int, int], int]]:
    """Turn a label picture into class indices, exactly.

    Decode at native size only and resize the index mask with nearest neighbour: a resized label picture holds blended
    colours that belong to no class.

    Parameters
    ----------
    rgb : (H, W, 3) uint8 label picture
    palette : a name in ``PALETTES`` or a (K, 3) uint8 table whose row number is the class index

    Returns
    -------
    mask : (H, W) uint8, 255 where the colour is unknown
    unknown : colour -> number of pixels, empty for a clean picture
    """
    table = PALETTES[palette] if isinstance(palette, str) else np.asarray(palette, np.uint8)
    packed = pack_rgb(rgb)
    mask = np.full(packed.shape, IGNORE_INDEX, np.uint8)
    # One comparison per class is several times faster than sorting the colours of the whole picture.
    for index, code in enumerate(pack_rgb(table)):
        mask[packed == code] = index
    colours, pixels = np.unique(packed[mask == IGNORE_INDEX], return_counts=True)
    return mask, {unpack_rgb(int(code)): int(count) for code, count in zip(colours, pixels, strict=True)}


def decode_nearest(rgb: np.ndarray, table: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Decode a label picture that is not palette-clean: every pixel takes its nearest colour (Euclidean, RGB).

    Parameters
    ----------
    rgb : (H, W, 3) uint8
    table : (K, 3) uint8 colours; the row number is the result's value

    Returns
    -------
    rows : (H, W) uint8 row numbers of ``table``
    distance : (H, W) float32, RGB distance to that colour (0 = exact)
    """
    colours, position = np.unique(pack_rgb(rgb), return_inverse=True)
    values = np.stack([(colours >> 16) & 255, (colours >> 8) & 255, colours & 255], -1).astype(np.float32)  # (U, 3)
    distances = np.linalg.norm(values[:, None] - np.asarray(table, np.float32)[None], axis=-1)  # (U, K)
    return distances.argmin(1).astype(np.uint8)[position], distances.min(1).astype(np.float32)[position]


def unpack_rgb(code: int) -> tuple[int, int, int]:
    """Undo ``pack_rgb`` for one value."""
    return (code >> 16) & 255, (code >> 8) & 255, code & 255


def merge_lookup(groups: Mapping[str, Sequence[str]]) -> tuple[tuple[str, ...], np.ndarray]:
    """Prepare a merge of classes, such as into the six that FASSEG can be scored on.

    Parameters
    ----------
    groups : merged name -> names of the classes that go into it; a class in no group is not scored

    Returns
    -------
    names : the merged names, in the order given
    lookup : (11,) int64, merged index of each class, -1 for a class that is not scored

    Raises
    ------
    ValueError
        if a class is unknown or in two groups
    """
    lookup = np.full(NUM_CLASSES, -1, np.int64)
    for merged, (name, members) in enumerate(groups.items()):
        for member in members:
            if member not in INDEX:
                raise ValueError(f"group {name!r} names the class {member!r}; the classes are {', '.join(CLASS_NAMES)}")
            if lookup[INDEX[member]] >= 0:
                raise ValueError(f"class {member!r} is in two groups; each class may be merged into one only")
            lookup[INDEX[member]] = merged
    return tuple(groups), lookup


FASSEG_GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "background": ("background",),
        "hair": ("hair", "eyebrows"),
        "skin": ("face", "ears", "facial_hair", "specs"),
        "nose": ("nose",),
        "mouth": ("lips", "teeth"),
        "eyes": ("eyes",),
    }
)
"""The six classes that FASSEG labels: brows count as hair, ears, beards and spectacles as skin, teeth as mouth."""

_EVERY_CLASS: Mapping[str, tuple[str, ...]] = MappingProxyType({name: (name,) for name in CLASS_NAMES})

_ELEVEN_PARTS_GROUPS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "background": ("background", "ears"),
        "hair": ("hair",),
        "skin": ("face", "facial_hair", "specs"),
        "eyebrows": ("eyebrows",),
        "nose": ("nose",),
        "mouth": ("lips", "teeth"),
        "eyes": ("eyes",),
    }
)

SCORED_CLASSES: Mapping[str, Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "rendered": _EVERY_CLASS,
        "mut1ny": _EVERY_CLASS,
        "fasseg": FASSEG_GROUPS,
        "celebamask": MappingProxyType(
            {
                "background": ("background",),
                "hair": ("hair",),
                "skin": ("face", "facial_hair"),
                "eyebrows": ("eyebrows",),
                "nose": ("nose",),
                "mouth": ("lips", "teeth"),
                "eyes": ("eyes",),
                "ears": ("ears",),
                "specs": ("specs",),
            }
        ),
        "lapa": _ELEVEN_PARTS_GROUPS,
        "helen": _ELEVEN_PARTS_GROUPS,
        "ibugmask": _ELEVEN_PARTS_GROUPS,
        "facesynthetics": MappingProxyType(
            {
                "background": ("background",),
                "mouth": ("lips", "teeth"),
                **{name: (name,) for name in CLASS_NAMES if name not in ("background", "lips", "teeth")},
            }
        ),
    }
)
"""Data set with masks -> the classes that networks of other sets can be scored on there, and what goes into each.

A class that a set does not label is part of one that it does: teeth are labelled as mouth, and LaPa's ears as
background. Every class of the study is in one group, the background's first. Conventions about what is not a class of
the study, such as the neck (background in LaPa), still differ.
"""


def as_labelled(mask: np.ndarray, source: str) -> np.ndarray:
    """Relabel classes that a data set does not label as the ones that it counts them as, such as teeth as lips.

    Otherwise one pixel of such a class, which no true mask has, would enter the means as a class that scores 0.

    Parameters
    ----------
    mask : uint8 class indices, 255 = ignore
    source : a data set with masks; for one that labels every class, nothing changes

    Returns
    -------
    uint8 of the same shape
    """
    table = np.arange(256, dtype=np.uint8)
    for own, *others in SCORED_CLASSES[source].values():
        table[[INDEX[name] for name in others]] = INDEX[own]
    return table[mask]
