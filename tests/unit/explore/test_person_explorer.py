from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from facefair_lib.explore.palettes import colour_table
from facefair_lib.explore.person_controls import Choices
from facefair_lib.explore.person_explorer import draw_look, weights_line
from facefair_lib.explore.person_renderer import Look, Studio
from facefair_lib.models.build import model_from_settings
from facefair_lib.models.packed import Fitted
from facefair_lib.settings.profiles import ONE_VIEW, load_profile


def test_the_picture_of_a_person_says_in_words_who_is_shown_and_how_finely() -> None:
    chosen = Choices(3, "asian", 8.5, 34.0, "happy", 0.4, -10.0, "soft", "short")
    mask = np.zeros((4, 4), np.uint8)
    fine = Look(chosen, np.zeros((4, 4, 3), np.uint8), mask, {}, {}, {}, True)
    told = (
        "face shape of group Asian, skin tone 8.5, age 34, Happy at intensity 0.40, turned by -10°, light: Soft, hair: "
    )
    for look, quality in ((fine, "full quality"), (dataclasses.replace(fine, fine=False), "draft")):
        assert f'alt="Person 3 in {quality}: {told}' in draw_look(look, "mask", colour_table("paper"))


def test_the_networks_that_come_with_the_package_look_at_a_person_without_a_study(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[tuple[str, str]] = []

    def untrained(model: str, profile: str) -> Fitted:
        asked.append((model, profile))
        network = model_from_settings(model, getattr(load_profile("smoke").models, model)).eval()
        return Fitted(network, model, "efficientnet_lite0", 32, ONE_VIEW, f"{model} of <the package>")

    monkeypatch.setattr("facefair_lib.explore.person_renderer.trained_network", untrained)
    studio = Studio("shipped")
    look = studio.look(Choices.of_person(3), ["pspnet"], fine=False)
    assert asked == [("deeplabv3", "shipped"), ("pspnet", "shipped")]
    assert look is not None and look.masks["pspnet"].shape == (32, 32)
    line = weights_line(studio.networks.values())
    assert "deeplabv3 of &lt;the package&gt;<br>pspnet of" in line
