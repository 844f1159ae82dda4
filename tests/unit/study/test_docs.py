"""The site: what its pages are made of."""

from __future__ import annotations

import importlib.util

import pytest

from facefair_lib import paths
from facefair_lib.errors import InputError

SPEC = importlib.util.spec_from_file_location("build_docs", paths.REPOSITORY / "tools" / "build_docs.py")
docs = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(docs)


@pytest.mark.parametrize("title, modules", docs.REFERENCE, ids=[title for title, _ in docs.REFERENCE])
def test_every_module_of_the_reference_exists(title: str, modules: tuple[str, ...]) -> None:
    missing = [name for name in modules if importlib.util.find_spec(f"facefair_lib.{name}") is None]
    assert not missing, title


def test_links_of_the_readme_lead_to_pages_of_the_site_or_are_plain_text() -> None:
    readme = "[a](notebooks/01_data_preparation.ipynb) [b](config) [c](https://example.org) ![d](figures/x.png)"
    linked = docs.site_links(readme)
    assert linked == "[a](study/01_data_preparation.ipynb) b [c](https://example.org) ![d](figures/x.png)"


def test_a_study_that_has_not_run_is_named_with_the_command_that_runs_it(monkeypatch, tmp_path) -> None:
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path))
    with pytest.raises(InputError, match="make study PROFILE=quick"):
        docs.collect("quick")


def test_without_a_report_its_page_says_how_to_get_one() -> None:
    assert "iframe" in docs.report_page(True)
    assert "iframe" not in docs.report_page(False)
    assert "LaTeX" in docs.report_page(False)
