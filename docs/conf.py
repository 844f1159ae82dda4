"""Sphinx settings of the site: executed notebooks, the course, the report and the library's reference."""

from __future__ import annotations

import tomllib
from pathlib import Path

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
suppress_warnings = ["mystnb.unknown_mime_type", "myst.xref_missing", "myst.header"]

autodoc_member_order = "bysource"
autodoc_typehints = "none"
napoleon_google_docstring = False

html_theme = "sphinx_book_theme"
html_title = "facefair"
html_static_path = ["static"]
html_css_files = ["facefair.css"]
html_theme_options = {"show_navbar_depth": 2, "use_download_button": True, "home_page_in_toc": True}
html_copy_source = False
