"""What a person does with the explorers, in the words of Playwright: the same in JupyterLab and in the app."""

from __future__ import annotations

import re
import time

DONE = "full quality"


class Explorers:
    """The explorers of an open page."""

    def __init__(self, page, patience: float) -> None:
        self.page, self.patience = page, patience

    def explorer(self, label: str):
        """The explorer that has a control of this label."""
        named = self.page.locator("label", has_text=re.compile(f"^{re.escape(label)}$"))
        return self.page.locator(".facefair", has=named)

    def choose(self, label: str, option: str) -> None:
        """Choose an entry of a dropdown, found by its label as a screen reader finds it."""
        control = self.explorer(label).get_by_label(label, exact=True)
        control.scroll_into_view_if_needed()
        control.select_option(label=option)

    def move(self, label: str, key: str, times: int) -> None:
        """Move a slider from the keyboard, found by its name as a screen reader finds it."""
        control = self.explorer(label).get_by_role("slider", name=label, exact=True)
        control.scroll_into_view_if_needed()
        control.focus()
        for _ in range(times):
            self.page.keyboard.press(key)

    def status(self, label: str) -> str:
        """What an explorer says about its state."""
        return self.explorer(label).locator("[role=status], [role=alert]").first.inner_text()

    def scores(self) -> list[float]:
        """Mean IoU of each network on the person shown, per cent."""
        captions = self.explorer("Skin tone (Monk)").locator("figcaption").all_inner_texts()
        found = [re.search(r"mean IoU ([\d.]+)%", text) for text in captions]
        return [float(match[1]) for match in found if match]

    def wait_for_picture(self) -> None:
        """Wait until the person is drawn in full quality."""
        self.until(lambda: DONE in self.status("Skin tone (Monk)"), "the person is not drawn")

    def until(self, condition, failure: str) -> None:
        """Wait for a condition of the page; an explorer's error ends the wait."""
        end = time.monotonic() + self.patience
        while time.monotonic() < end:
            if condition():
                return
            errors = self.page.locator(".facefair-error").all_inner_texts()
            assert not errors, errors
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{failure} after {self.patience:.0f} s")


def check_everything(explorers: Explorers, screenshots, name: str) -> None:
    """Use every explorer as a person does, and read from the page what changed."""
    page = explorers.page
    explorers.wait_for_picture()
    explorers.explorer("Skin tone (Monk)").scroll_into_view_if_needed()
    page.wait_for_timeout(500)
    page.screenshot(path=screenshots / f"{name}_person_before.png")
    before = explorers.scores()
    assert len(before) == 2
    explorers.move("Skin tone (Monk)", "ArrowRight", 6)
    explorers.until(lambda: explorers.scores() != before, "moving the slider changed no score")
    explorers.wait_for_picture()
    page.screenshot(path=screenshots / f"{name}_person_after.png")

    explorers.choose("Order", "PSPNet, worst first")
    shown = explorers.explorer("Order")
    explorers.until(lambda: len(worst_first(shown)) >= 2, "no scores are shown")
    explorers.until(lambda: worst_first(shown) == sorted(worst_first(shown)), "the worst picture is not the first")
    shown.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / f"{name}_pictures.png")
    assert all(image.get_attribute("alt") is not None for image in shown.locator("img").all())

    groups = explorers.explorer("Compare by")
    rows = groups.locator("th[scope=row]")
    groups.scroll_into_view_if_needed()  # JupyterLab lays out only what can be seen
    before = rows.all_text_contents()
    features = groups.get_by_label("Compare by", exact=True)  # which there are depends on the study's people
    features.select_option(index=features.locator("option").count() - 1)
    explorers.until(lambda: rows.all_text_contents() not in (before, []), "the groups are the same")
    groups.scroll_into_view_if_needed()
    page.screenshot(path=screenshots / f"{name}_groups.png")

    fits = explorers.explorer("Network")
    assert "Finished" in explorers.status("Network")
    fits.scroll_into_view_if_needed()
    assert fits.locator("svg[role=img]").count() == 6
    page.screenshot(path=screenshots / f"{name}_fits.png")


def worst_first(shown) -> list[float]:
    """PSPNet's image IoU of the pictures on the page, in their order."""
    captions = [text for text in shown.locator("figcaption").all_inner_texts() if text.startswith("PSPNet")]
    found = [re.search(r"IoU ([\d.]+)%", text) for text in captions]
    return [float(match[1]) for match in found if match]
