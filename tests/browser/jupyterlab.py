"""What a person does in JupyterLab, in the words of Playwright."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

PROMPTS = ".jp-CodeCell .jp-InputPrompt"
"""The number beside each cell of code: ``[*]:`` while it waits or runs, then its place in the order of execution."""


def run_all(page: Page, lab: str, name: str) -> None:
    """Open a notebook and run it from the menu."""
    page.goto(lab.format(name))
    expect(page.locator(".lm-TabBar-tab.jp-mod-current")).to_have_text(name)
    # The notebook's indicator says idle before there is a kernel; the status bar names the kernel first.
    expect(page.locator("#jp-main-statusbar")).to_contain_text("(ipykernel) | Idle")
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
    expect(page.locator(PROMPTS).first).not_to_have_text("[ ]:")


def write_cell(page: Page, found_by: str, code: str) -> None:
    """Replace the text of the cell that holds ``found_by``, run it, and run the one below it."""
    cell = page.locator(".jp-CodeCell", has=page.locator(".cm-content", has_text=found_by)).first
    editor = cell.locator(".cm-content")
    editor.click()
    expect(editor).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.insert_text(code)
    expect(editor).to_have_text(code.replace("\n", ""))  # an editor's lines are elements of their own
    page.keyboard.press("Shift+Enter")
    expect(cell).not_to_have_class(re.compile("jp-mod-active"))
    page.keyboard.press("Shift+Enter")
