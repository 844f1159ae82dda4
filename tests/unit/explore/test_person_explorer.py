from __future__ import annotations

import dataclasses

import numpy as np

from facefair_lib.explore.palettes import colour_table
from facefair_lib.explore.person_controls import Choices
from facefair_lib.explore.person_explorer import draw_look
from facefair_lib.explore.person_renderer import Look


def test_the_picture_of_a_person_says_in_words_who_is_shown_and_how_finely() -> None:
    chosen = Choices(3, "asian", 8.5, 34.0, "happy", 0.4, -10.0, "soft", "short")
    mask = np.zeros((4, 4), np.uint8)
    fine = Look(chosen, np.zeros((4, 4, 3), np.uint8), mask, {}, {}, {}, True)
    told = (
        "face shape of group Asian, skin tone 8.5, age 34, Happy at intensity 0.40, turned by -10°, light: Soft, hair: "
    )
    for look, quality in ((fine, "full quality"), (dataclasses.replace(fine, fine=False), "draft")):
        assert f'alt="Person 3 in {quality}: {told}' in draw_look(look, "mask", colour_table("paper"))
