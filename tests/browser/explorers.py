"""What a person does with the explorers, in the words of Playwright: the same in JupyterLab and in the app.

Nothing here waits for time or reads a page once: each check waits for what it asserts, however busy the machine is.
"""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from facefair_lib.explore.person_controls import Choices
from facefair_lib.explore.person_explorer import FIRST_PERSON

PERSON, PICTURES, GROUPS, FITS, SCORES = "Skin tone (Monk)", "Order", "Compare by", "Network", "Printed decimals"
"""A control that only this explorer has, by its label."""
ERRORS = ".facefair-error, [data-mime-type='application/vnd.jupyter.error']"


class Explorers:
    """The explorers of an open page."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def explorer(self, label: str) -> Locator:
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

    def status(self, label: str) -> Locator:
        """Where an explorer says its state."""
        return self.explorer(label).locator("[role=status], [role=alert]").first

    def person_scores(self, shown: Choices) -> list[str]:
        """Each network's mean IoU on a person, once the person is drawn in full quality as chosen."""
        told = (
            f"in full quality: .* skin tone {shown.skin_tone:g}, .* {shown.emotion} at intensity {shown.intensity:.2f},"
        )
        picture = self.page.get_by_alt_text(re.compile(told, re.IGNORECASE))
        drawn = self.explorer(PERSON).locator(".facefair-row", has=picture)  # replaced as a whole with every picture
        self.until(drawn, f"no person {told}")
        scores = drawn.locator("figcaption", has_text=re.compile(r"mean IoU [\d.]+%"))
        expect(scores).to_have_count(2)
        return scores.all_text_contents()

    def photograph(self, explorer: str, path: Path) -> None:
        """Save a picture of a whole explorer."""
        self.explorer(explorer).screenshot(path=path)

    def until(self, place: Locator, failure: str) -> None:
        """Wait until a place is on the page; an explorer's or a cell's error ends the wait."""
        errors = self.page.locator(ERRORS)
        expect(place.or_(errors).first, failure).to_be_attached()
        told = errors.all_text_contents()
        assert not told, told


def check_person(explorers: Explorers, screenshots: Path, name: str) -> None:
    """Choose an emotion, move two sliders, and read the changed scores."""
    explorers.explorer(PERSON).scroll_into_view_if_needed()
    shown = Choices.of_person(FIRST_PERSON)
    first = explorers.person_scores(shown)
    explorers.photograph(PERSON, screenshots / f"{name}_person_before.png")

    explorers.move(PERSON, PERSON, "ArrowRight", 6)
    shown = dataclasses.replace(shown, skin_tone=min(shown.skin_tone + 6 * 0.5, 10.0))
    darker = explorers.person_scores(shown)
    assert darker != first, "moving the skin tone changed no score"

    explorers.choose(PERSON, "Emotion", "Happy")
    shown = dataclasses.replace(shown, emotion="happy")
    smiling = explorers.person_scores(shown)
    assert smiling != darker, "choosing the emotion changed no score"

    explorers.move(PERSON, "Intensity", "ArrowLeft", 12)
    shown = dataclasses.replace(shown, intensity=1 - 12 * 0.05)
    assert explorers.person_scores(shown) != smiling, "moving the intensity changed no score"
    explorers.photograph(PERSON, screenshots / f"{name}_person_after.png")


def check_pictures(explorers: Explorers, screenshots: Path, name: str) -> None:
    """Put the worst picture first, in colours that are safe for colour blindness."""
    shown = explorers.explorer(PICTURES)
    scores = shown.locator("figcaption", has_text=re.compile(r"^PSPNet *IoU [\d.]+%"))
    explorers.choose(PICTURES, "Pictures per page", "8")  # of four, one page in 24 is in order as stored
    explorers.until(shown.locator("[role=status]", has_text=re.compile("pictures 1 to [5-8] of")), "no eight pictures")
    expect(scores.nth(4)).to_be_attached()  # the page follows the line above it
    stored = scores.all_text_contents()
    assert image_ious(stored) != sorted(image_ious(stored)), "the pictures are stored worst first"
    explorers.choose(PICTURES, PICTURES, "PSPNet, worst first")
    expect(scores).not_to_have_text(stored)
    ordered = image_ious(scores.all_text_contents())
    assert len(ordered) == len(stored)
    assert ordered == sorted(ordered), "the worst picture is not the first"

    explorers.choose(PICTURES, "Pictures per page", "4")
    expect(scores).to_have_count(4)
    mask = shown.locator("img.facefair-mask").first
    before = mask.get_attribute("src")
    assert before
    explorers.choose(PICTURES, "Colours", "Safe for colour blindness")
    expect(mask, "the colours are the same").not_to_have_attribute("src", before)
    explorers.photograph(PICTURES, screenshots / f"{name}_pictures.png")
    expect(shown.locator("img:not([alt])")).to_have_count(0)


def check_groups(explorers: Explorers, screenshots: Path, name: str) -> None:
    """Compare by another attribute, and read the other groups."""
    groups = explorers.explorer(GROUPS)
    groups.scroll_into_view_if_needed()  # JupyterLab lays out only what can be seen
    rows = groups.locator("th[scope=row]")
    explorers.until(rows, "no groups are shown")
    before = rows.all_text_contents()
    features = groups.get_by_label(GROUPS, exact=True)  # which there are depends on the study's people
    features.select_option(index=features.locator("option").count() - 1)
    expect(rows, "the groups are the same").not_to_have_text(before)
    expect(rows).not_to_have_count(0)
    explorers.photograph(GROUPS, screenshots / f"{name}_groups.png")


def check_fits(explorers: Explorers, screenshots: Path, name: str) -> None:
    """Read the curves of a finished fit."""
    fits = explorers.explorer(FITS)
    fits.scroll_into_view_if_needed()
    explorers.until(explorers.status(FITS).filter(has_text="Finished"), "the fit is not finished")
    expect(fits.locator("svg[role=img]")).to_have_count(6)
    explorers.photograph(FITS, screenshots / f"{name}_fits.png")


def check_scores(explorers: Explorers, screenshots: Path, name: str) -> None:
    """Choose a published row, then type another number over one of it, from the keyboard alone."""
    scores = explorers.explorer(SCORES)
    explorers.choose(SCORES, "Row", "PSPNet, test, epoch 25")
    judged = explorers.status(SCORES).filter(has_text="IoU 33.46 is below 39.46")
    explorers.until(judged, "the row is not judged")
    explorers.photograph(SCORES, screenshots / f"{name}_scores.png")
    field = scores.get_by_label("IoU, %", exact=True)
    expect(field).to_have_value("33.46")
    field.focus()
    explorers.page.keyboard.press("Control+A")
    explorers.page.keyboard.type("39.46")
    expect(explorers.status(SCORES), "the number typed is not judged").to_contain_text("Possible")
    expect(field).to_have_value("39.46")
    expect(scores.get_by_label("Row", exact=True)).to_have_value("My own")
    explorers.page.keyboard.type("x")  # 39.46 is a score, 39.46x is none
    expect(scores.locator("[role=alert]")).to_be_visible()


def image_ious(captions: list[str]) -> list[float]:
    """The image IoUs in captions of segmentations."""
    return [float(re.search(r"IoU ([\d.]+)%", caption)[1]) for caption in captions]
