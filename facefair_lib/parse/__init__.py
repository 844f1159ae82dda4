"""Parse photographs with a trained network: ``parse("photo.jpg").mask``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from facefair_lib.parse.parser import Parsed

__all__ = ["parse"]


def parse(
    photo: str | Path,
    model: str = "",
    *,
    faces: str = "many",
    profile: str = "shipped",
    weights: str | Path | None = None,
) -> Parsed:
    """Parse one photograph of any size.

    Parameters
    ----------
    photo : path of a picture
    model : ``pspnet`` or ``deeplabv3``; "" takes the better one of the package, and of a study PSPNet
    faces : ``many`` finds heads and parses each; ``one`` treats the whole photograph as one head
    profile : the study whose network is used; ``shipped`` takes the networks that come with the package
    weights : ``best.pt`` of a fit of this profile

    Returns
    -------
    Parsed
        with ``mask`` (H, W) class indices, ``confidence``, ``heads``, ``overlay()`` and ``areas()``

    Raises
    ------
    InputError
        if the photograph cannot be read or there are no such weights

    Notes
    -----
    Each call loads the network again. For many photographs keep a ``trained_parser(...)``, or use ``parse_files``.
    """
    from facefair_lib.parse.photos import read_photo
    from facefair_lib.parse.trained import trained_parser

    image = read_photo(Path(photo))  # first, so that a wrong path is reported at once
    return trained_parser(model, profile, Path(weights) if weights else None).parse(image, faces)
