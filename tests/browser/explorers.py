"""What a person does with the explorers, in the words of Playwright: the same in JupyterLab and in the app."""

from __future__ import annotations

import re
import time
from pathlib import Path

DONE = "full quality"
PERSON, PICTURES, GROUPS, FITS, SCORES = "Skin tone (Monk)", "Order", "Compare by", "Network", "Printed decimals"
"""A control that only this explorer has, by its label."""
ERRORS = ".facefair-error, [data-mime-type='application/vnd.jupyter.error']"


class Explorers:
    """The explorers of an open page."""

    def __init__(self, page, patience: float) -> None:
        self.page, self.patience = page, patience

    def explorer(self, label: str):
        """The explorer that has a control of this label."""
        named = self.page.locator("label", has_text=re.compile(f"^{re.escape(label)}$"))
        return self.page.locator(".facefair", has=named)

    def choose(self, explorer: str, label: str, option: str) -> None:
        """Choose an entry of an explorer's dropdown, found by its label as a screen reader finds it."""
        control = self.explorer(explorer).get_by_label(label, exact=True)
        control.scroll_into_view_if_needed()
        control.select_option(label=option)

    def move(self, explorer: str, label: str, key: str, times: int) -> None:
        """Move an explorer's slider from the keyboard, found by its name as a screen reader finds it."""
        control = self.explorer(explorer).get_by_role("slider", name=label, exact=True)
        control.scroll_into_view_if_needed()
        control.focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def status(self, label: str) -> str:
        """What an explorer says about its state."""
        return self.explorer(label).locator("[role=status], [role=alert]").first.inner_text()

    def scores(self) -> list[float]:
        """Mean IoU of each network on the person shown, per cent."""
        captions = self.explorer(PERSON).locator("figcaption").all_inner_texts()
        found = [re.search(r"mean IoU ([\d.]+)%", text) for text in captions]
        return [float(match[1]) for match in found if match]

    def wait_for_picture(self) -> None:
        """Wait until the person is drawn in full quality."""
        self.until(lambda: DONE in self.status(PERSON), "the person is not drawn")

    def photograph(self, explorer: str, path: Path) -> None:
        """Save a picture of a whole explorer."""
        self.explorer(explorer).screenshot(path=path)

    def until(self, condition, failure: str) -> None:
        """Wait for a condition of the page; an explorer's or a cell's error ends the wait."""
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            if condition():
                return
            errors = self.page.locator(ERRORS).all_inner_texts()
            assert not errors, errors
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{failure} after {self.patience:.0f} s")


def check_person(explorers: Explorers, screenshots: Path, name: str) -> None:
    """Choose an emotion, move two sliders, and read the changed scores."""
    explorers.explorer(PERSON).scroll_into_view_if_needed()
    explorers.wait_for_picture()
    explorers.photograph(PERSON, screenshots / f"{name}_person_before.png")
    before = explorers.scores()
    assert len(before) == 2
    explorers.move(PERSON, PERSON, "ArrowRight", 6)
    explorers.until(lambda: explorers.scores() != before, "moving the skin tone changed no score")
    explorers.choose(PERSON, "Emotion", "Happy")
    explorers.wait_for_picture()
    smiling = explorers.scores()
    explorers.move(PERSON, "Intensity", "ArrowLeft", 12)
    explorers.until(lambda: explorers.scores() != smiling, "moving the intensity changed no score")
    explorers.wait_for_picture()
    explorers.photograph(PERSON, screenshots / f"{name}_person_after.png")


def check_pictures(explorers: Explorers, screenshots: Path, name: str) -> None:
    """Put the worst picture first, in colours that are safe for colour blindness."""
    explorers.choose(PICTURES, PICTURES, "PSPNet, worst first")
    shown = explorers.explorer(PICTURES)
    explorers.until(lambda: len(worst_first(shown)) >= 2, "no scores are shown")
    explorers.until(lambda: worst_first(shown) == sorted(worst_first(shown)), "the worst picture is not the first")
    masks = shown.locator("img.facefair-mask")
    before = masks.first.get_attribute("src")
    explorers.choose(PICTURES, "Colours", "Safe for colour blindness")
    explorers.until(lambda: masks.first.get_attribute("src") != before, "the colours are the same")
    explorers.photograph(PICTURES, screenshots / f"{name}_pictures.png")
    assert all(image.get_attribute("alt") is not None for image in shown.locator("img").all())


def check_groups(explorers: Explorers, screenshots: Path, name: str) -> None:
    """Compare by another attribute, and read the other groups."""
    groups = explorers.explorer(GROUPS)
    groups.scroll_into_view_if_needed()  # JupyterLab lays out only what can be seen
    rows = groups.locator("th[scope=row]")
    before = rows.all_text_contents()
    features = groups.get_by_label(GROUPS, exact=True)  # which there are depends on the study's people
    features.select_option(index=features.locator("option").count() - 1)
    explorers.until(lambda: rows.all_text_contents() not in (before, []), "the groups are the same")
    explorers.photograph(GROUPS, screenshots / f"{name}_groups.png")


def check_fits(explorers: Explorers, screenshots: Path, name: str) -> None:
    """Read the curves of a finished fit."""
    fits = explorers.explorer(FITS)
    fits.scroll_into_view_if_needed()
    explorers.until(lambda: "Finished" in explorers.status(FITS), "the fit is not finished")
    assert fits.locator("svg[role=img]").count() == 6
    explorers.photograph(FITS, screenshots / f"{name}_fits.png")


def check_scores(explorers: Explorers, screenshots: Path, name: str) -> None:
    """Choose a published row, then type another number over one of it, from the keyboard alone."""
    scores = explorers.explorer(SCORES)
    explorers.choose(SCORES, "Row", "PSPNet, test, epoch 25")
    explorers.until(lambda: "IoU 33.46 is below 39.46" in explorers.status(SCORES), "the row is not judged")
    explorers.photograph(SCORES, screenshots / f"{name}_scores.png")
    scores.get_by_label("IoU, %", exact=True).focus()
    explorers.page.keyboard.press("Control+A")
    explorers.page.keyboard.type("39.46")
    explorers.until(lambda: "Possible" in explorers.status(SCORES), "the number typed is not judged")
    assert scores.get_by_label("Row", exact=True).input_value() == "My own"
    explorers.page.keyboard.type("x")  # 39.46 is a score, 39.46x is none
    scores.locator("[role=alert]").wait_for()


def worst_first(shown) -> list[float]:
    """PSPNet's image IoU of the pictures on the page, in their order."""
    captions = [text for text in shown.locator("figcaption").all_inner_texts() if text.startswith("PSPNet")]
    found = [re.search(r"IoU ([\d.]+)%", text) for text in captions]
    return [float(match[1]) for match in found if match]
