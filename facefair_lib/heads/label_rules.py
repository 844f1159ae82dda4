"""What counts as what: the conventions of the labels, and where data sets differ, a switch for each."""

from __future__ import annotations

from dataclasses import dataclass

from facefair_lib.heads.people import check_choice

_CHOICES = {
    "clear_lenses": ("seen", "specs"),
    "neck": ("face", "background"),
    "jewellery": ("background", "ears"),
    "stubble": ("face", "facial_hair"),
    "headwear": ("background", "hair"),
}


@dataclass(frozen=True)
class LabelRules:
    """Switchable conventions; the defaults are those of the Mut1ny head segmentation data.

    Attributes
    ----------
    clear_lenses : "seen" labels what is seen through a clear lens, "specs" the lens; dark lenses are always specs
    neck : whether the neck counts as "face" or as "background"
    jewellery : whether earrings are "background" or go with the "ears"
    stubble : whether stubble is "face" or "facial_hair"
    headwear : whether caps and scarves are "background" or go with the "hair"

    Notes
    -----
    Not switchable: lashes and lids are face, the open mouth and the tongue are lips, cloth is background, whatever
    hides the face is background, a buzz cut and the scalp between strands inside the hairline are hair.
    """

    clear_lenses: str = "seen"
    neck: str = "face"
    jewellery: str = "background"
    stubble: str = "face"
    headwear: str = "background"

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            check_choice(name, getattr(self, name), choices)


MUT1NY_RULES = LabelRules()
