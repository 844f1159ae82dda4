"""Sphinx settings of the site: executed notebooks, the course, the report and the library's reference."""

from __future__ import annotations

import hashlib
import json
import tomllib
from binascii import a2b_base64
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

ROOT = Path(__file__).resolve().parents[1]

project = "facefair"
author = copyright = "the facefair contributors"
version = release = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_build", "**.ipynb_checkpoints"]

nb_execution_mode = "off"  # the study has executed them; the site shows what it saw
nb_merge_streams = True
nb_output_stderr = "remove"
myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
suppress_warnings = ["mystnb.unknown_mime_type", "myst.xref_missing", "myst.header", "ref.python"]

autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False

html_theme = "sphinx_book_theme"
html_title = "facefair"
html_static_path = ["static"]
html_css_files = ["facefair.css"]
html_theme_options = {"show_navbar_depth": 2, "use_download_button": True, "home_page_in_toc": True}
html_copy_source = False


def setup(app: Sphinx) -> None:
    """Let pictures keep the descriptions that the notebooks hold, which MyST-NB drops, and docstrings their bars."""
    app.connect("doctree-read", describe_pictures)
    app.connect("autodoc-process-docstring", keep_bars)


def describe_pictures(app: Sphinx, page: nodes.document) -> None:
    """Give a notebook's pictures their alternative texts; MyST-NB names each picture by its SHA-256."""
    source = Path(app.env.doc2path(app.env.docname))
    if source.suffix != ".ipynb":
        return
    told = descriptions(json.loads(source.read_text(encoding="utf-8")))
    for picture in page.findall(lambda node: node.tagname == "image"):
        if not picture.get("alt"):
            picture["alt"] = told.get(Path(picture["uri"]).stem, "")


def keep_bars(app: Sphinx, what: str, name: str, thing: object, options: object, lines: list[str]) -> None:
    """Keep the bars of absolute values such as |t|: reStructuredText takes them for something to replace."""
    lines[:] = [line.replace("|", r"\|") for line in lines]


def descriptions(notebook: dict) -> dict[str, str]:
    """SHA-256 of each picture that a notebook shows -> its alternative text."""
    told = {}
    for cell in notebook["cells"]:
        for output in cell.get("outputs", []):
            content, alt = output.get("data", {}).get("image/png"), output.get("metadata", {}).get("image/png", {})
            if content and alt.get("alt"):
                told[hashlib.sha256(a2b_base64("".join(content))).hexdigest()] = alt["alt"]
    return told
