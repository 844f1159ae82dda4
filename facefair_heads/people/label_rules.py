"""Label conventions, with a switch for each on which data sets differ."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from facefair_heads.people.person import check_choice
from facefair_lib.errors import InputError

CHOICES = {
    "clear_lenses": ("seen", "specs"),
    "neck": ("face", "background"),
    "jewellery": ("background", "ears"),
    "stubble": ("face", "facial_hair"),
    "headwear": ("background", "hair"),
}
"""Switch -> its values, the default first."""


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
        for name, choices in CHOICES.items():
            check_choice(name, getattr(self, name), choices)

    def __str__(self) -> str:
        """Write the switches that differ from Mut1ny's as ``parse_label_rules`` reads them; "" if none does."""
        fields = dataclasses.fields(self)
        return ",".join(f"{f.name}={value}" for f in fields if (value := getattr(self, f.name)) != f.default)


MUT1NY_RULES = LabelRules()


def parse_label_rules(text: str) -> LabelRules:
    """Read switches such as "clear_lenses=specs,neck=background"; what is not named stays as in Mut1ny's data.

    Raises
    ------
    InputError
        for anything but known switches with one of their values, each once
    """
    chosen: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name not in CHOICES or value not in CHOICES[name] or name in chosen:
            raise InputError(
                "label rules",
                found=repr(part) + (" a second time" if name in chosen else ""),
                expected="; ".join(f"{key}={' or '.join(values)}" for key, values in CHOICES.items()),
                do='name the switches that differ from the default, as in "clear_lenses=specs,neck=background"',
            )
        chosen[name] = value
    return LabelRules(**chosen)
