"""What a person does in JupyterLab, in the words of Playwright."""

from __future__ import annotations

import re

from .conftest import TOKEN


def run_all(page, lab: str, name: str) -> None:
    """Open a notebook and run it from the menu."""
    page.goto(f"{lab}/lab/tree/{name}?token={TOKEN}&reset")
    # The notebook's indicator says idle before there is a kernel; the status bar names the kernel first.
    page.locator("#jp-main-statusbar", has_text="(ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()


def write_cell(page, found_by: str, code: str) -> None:
    """Replace the text of the cell that holds ``found_by``, run it, and run the one below it."""
    page.locator(".jp-CodeCell .cm-content", has_text=found_by).first.click()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(code)
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Shift+Enter")
