from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from facefair_lib.explore.image_browser import ImageBrowser, browse_pictures
from facefair_lib.settings.labels import INDEX


@pytest.fixture
def browser() -> ImageBrowser:
    """Six pictures; the k-th has k wrong pixels of 16."""
    labels = np.full((6, 4, 4), INDEX["face"], np.uint8)
    labels[:, 0] = 0
    masks = labels.copy()
    for number in range(6):
        masks[number].ravel()[4 : 4 + number] = INDEX["hair"]
    table = pd.DataFrame(
        {
            "image_id": [f"picture{number}" for number in range(6)],
            "split": ["test"] * 5 + ["train"],
            "group": ["asian", "black"] * 3,
            "age": [30.0] * 6,
        }
    )
    return browse_pictures(table, np.zeros((6, 4, 4, 3), np.uint8), labels, {"pspnet": masks})


def shown(browser: ImageBrowser) -> list[str]:
    return re.findall(r"<b>(picture\d)</b>", browser.page.value)


def test_the_test_pictures_come_first_and_in_pages(browser: ImageBrowser) -> None:
    assert shown(browser) == ["picture0", "picture1", "picture2", "picture3"]
    browser.next.click()
    assert shown(browser) == ["picture4"]
    assert browser.next.disabled
    assert "pictures 5 to 5 of 5" in browser.status.value


def test_a_new_choice_starts_at_its_first_page(browser: ImageBrowser) -> None:
    browser.next.click()
    browser.filters["group"].value = "black"
    assert browser.page_number.value == 1
    assert shown(browser) == ["picture1", "picture3"]


def test_the_worst_picture_comes_first(browser: ImageBrowser) -> None:
    browser.order.value = "pspnet"
    assert shown(browser) == ["picture4", "picture3", "picture2", "picture1"]


def test_a_choice_that_nothing_meets_is_said_and_breaks_nothing(browser: ImageBrowser) -> None:
    browser.filters["split"].value = "train"
    browser.filters["group"].value = "asian"
    assert shown(browser) == []
    assert "no such picture" in browser.status.value
    browser.filters["group"].value = ""
    assert shown(browser) == ["picture5"]


def test_every_picture_has_a_description_and_what_is_known_of_it_is_said_in_words(browser: ImageBrowser) -> None:
    images = re.findall(r"<img[^>]*>", browser.page.value)
    assert images and all("alt=" in image for image in images)
    assert 'alt="Segmentation by PSPNet of picture1' in browser.page.value
    assert "Asian, age 30, test picture" in browser.page.value


def test_moving_the_opacity_sends_no_picture(browser: ImageBrowser) -> None:
    before = browser.page.value
    browser.opacity.value = 0.2
    assert browser.page.value is before


def test_a_class_that_is_not_drawn_changes_the_picture(browser: ImageBrowser) -> None:
    before = browser.page.value
    browser.classes["hair"].value = False
    assert browser.page.value != before
    browser.classes["hair"].value = True
    assert browser.page.value == before


def test_every_control_has_a_label(browser: ImageBrowser) -> None:
    controls = [*browser.filters.values(), browser.shown_class, browser.order, browser.mode, browser.palette]
    controls += [browser.opacity, browser.page_size, browser.page_number, *browser.classes.values()]
    assert all(control.description for control in controls)
