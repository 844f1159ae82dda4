"""Build the site: executed notebooks, course, explorers, report and reference, into docs/_build/html.

The pages are collected in docs/_build/source, so the notebooks of the repository stay without outputs. The study has
executed its notebooks; the lessons are executed here, as a student first meets them.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from pathlib import Path

import nbformat
from badges import Repository, recorded
from nbclient import NotebookClient

from facefair_lib.errors import InputError
from facefair_lib.settings import paths
from facefair_lib.store import results
from facefair_lib.store.screen import use_plain_characters
from facefair_lib.store.stages import NOTEBOOK_STAGES
from facefair_lib.study.jupyter_kernel import LocalKernelManager

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
SOURCE, SITE = DOCS / "_build" / "source", DOCS / "_build" / "html"
COURSE = paths.NOTEBOOKS / "course"
SECONDS = 600  # that one cell of a lesson may take; alone, none takes more than five

REFERENCE = (
    (
        "Scores",
        tuple(f"facefair_lib.scores.{name}" for name in ("confusion", "metrics", "resampling", "outline_errors")),
    ),
    (
        "Fairness",
        (
            *(f"facefair_lib.fairness.{name}" for name in ("groups", "group_gap", "paired", "families")),
            *(f"facefair_lib.fairness.{name}" for name in ("regression.adjusted", "equivalence", "power")),
            "facefair_lib.scores.without_masks",
        ),
    ),
    (
        "Reading a paper critically",
        ("facefair_lib.reproduction.table_checks", "facefair_lib.reproduction.nine_photographs"),
    ),
    (
        "Rendered people",
        (
            *(f"facefair_heads.people.{name}" for name in ("person", "shots", "population", "counterfactual")),
            *("facefair_heads.camera.render", "facefair_heads.camera.compose", "facefair_heads.sets.dataset"),
        ),
    ),
    (
        "Data",
        (
            *("facefair_lib.settings.labels", "facefair_lib.data.readers.opening"),
            *(f"facefair_lib.data.{name}" for name in ("manifest", "deduplicate", "split")),
        ),
    ),
    (
        "Networks",
        (
            *("facefair_lib.models.build", "facefair_lib.training.fit", "facefair_lib.training.predict"),
            *("facefair_lib.parse", "facefair_lib.parse.parser"),
        ),
    ),
)
"""Pages of the reference: title, modules."""


def main() -> None:
    """Collect the pages of a finished study and run Sphinx over them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--profile", default=paths.DEFAULT_PROFILE, help="whose executed notebooks are shown")
    profile = parser.parse_args().profile
    use_plain_characters()
    try:
        collect(profile)
    except InputError as error:
        sys.exit(f"facefair: {error}")
    from sphinx.cmd.build import build_main

    status = build_main(["-q", "-b", "html", "-c", str(DOCS), str(SOURCE), str(SITE)])
    print(f"▸ site: {SITE / 'index.html'}" if status == 0 else "▸ the site was not built")
    sys.exit(status)


def collect(profile: str) -> None:
    """Lay the site's sources out afresh."""
    executed = paths.results_dir(profile) / "notebooks"
    missing = [name for name in NOTEBOOK_STAGES if not (executed / f"{name}.ipynb").exists()]
    if missing:
        raise InputError(
            executed, found=f"no executed {missing[0]}", expected="a finished study", do=f"make study PROFILE={profile}"
        )
    shutil.rmtree(SOURCE, ignore_errors=True)
    shutil.copytree(DOCS / "static", SOURCE / "static")
    shutil.copytree(paths.FIGURES, SOURCE / "figures", ignore=shutil.ignore_patterns("*.pdf"))
    repository = recorded()
    for name in NOTEBOOK_STAGES:
        notebook = nbformat.read(executed / f"{name}.ipynb", as_version=4)
        write_notebook(notebook, SOURCE / "study" / f"{name}.ipynb", f"notebooks/{name}.ipynb", repository)
    lessons = sorted(COURSE.glob("*.ipynb"))
    for number, lesson in enumerate(lessons, 1):
        print(f"▸ lesson {number} of {len(lessons)}", flush=True)
        target = SOURCE / "course" / lesson.name
        write_notebook(executed_lesson(lesson), target, f"notebooks/course/{lesson.name}", repository)
    report = paths.report_pdf(profile)
    if report.exists():
        copy(report, SOURCE / "static" / "report.pdf")
    write_pages([f"course/{lesson.stem}" for lesson in lessons], report.exists())


def executed_lesson(path: Path) -> nbformat.NotebookNode:
    """A lesson with its outputs, its exercises unsolved."""
    notebook = nbformat.read(path, as_version=4)
    options = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=SECONDS, kernel_manager_class=LocalKernelManager, resources=options).execute()
    return notebook


def write_notebook(notebook: nbformat.NotebookNode, target: Path, place: str, repository: Repository | None) -> None:
    """Write a page; where the repository has an address, badges that open ``place`` follow its title."""
    if repository:
        title, *rest = notebook.cells[0].source.split("\n", 1)
        notebook.cells[0].source = "\n".join([title, "", repository.badges(place), *rest])
    results.write_text(target, nbformat.writes(notebook))


def write_pages(lessons: list[str], has_report: bool) -> None:
    """Write the pages that are no notebooks: start, report, explorers, rerunning, reference, contents."""
    contents = [
        toctree("The study", [f"study/{name}" for name in NOTEBOOK_STAGES]),
        toctree("Report", ["report"]),
        toctree("Course", ["course/README", *lessons]),
        toctree("Explorers", ["explorers"]),
        toctree("Rerun", ["ci"]),
        toctree("Reference", [slug(title) for title, _ in REFERENCE]),
    ]
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    results.write_text(SOURCE / "index.md", site_links(readme) + "\n\n" + "\n\n".join(contents) + "\n")
    results.write_text(SOURCE / "report.md", report_page(has_report))
    results.write_text(
        SOURCE / "course" / "README.md", course_links((COURSE / "README.md").read_text(encoding="utf-8"))
    )
    for page in ("explorers.md", "ci.md"):
        copy(DOCS / page, SOURCE / page)
    for title, modules in REFERENCE:
        results.write_text(SOURCE / f"{slug(title)}.md", reference_page(title, modules))


def toctree(title: str, pages: list[str]) -> str:
    """A hidden table of contents, which the side bar shows."""
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {title}", "", *pages, "```"])


def report_page(exists: bool) -> str:
    """The report inside the page, or how to get it."""
    if not exists:
        return "# The report\n\nThe study ran without LaTeX; with it, `make study` also writes the report.\n"
    frame = '<iframe src="_static/report.pdf" title="The report as PDF" style="width:100%;height:85vh"></iframe>'
    return f"# The report\n\n[Open it on its own](static/report.pdf).\n\n```{{raw}} html\n{frame}\n```\n"


def reference_page(title: str, modules: tuple[str, ...]) -> str:
    """Docstrings of modules, where these exist."""
    parts = [f"# {title}"]
    for module in modules:
        directive = [f".. automodule:: {module}", "   :members:", "   :imported-members:" if is_package(module) else ""]
        parts += [f"## `{module}`", "\n".join(["```{eval-rst}", *filter(None, directive), "```"])]
    return "\n\n".join(parts) + "\n"


def is_package(module: str) -> bool:
    """Say whether a module is a folder, whose public names come from inside."""
    return paths.REPOSITORY.joinpath(*module.split("."), "__init__.py").exists()


def site_links(readme: str) -> str:
    """Point the README's links to the site's own pages; what the site does not hold becomes plain text."""

    def page(match: re.Match[str]) -> str:
        text, target = match.groups()
        name = Path(target).stem
        if target.startswith("notebooks/course"):
            return f"[{text}](course/{Path(target).name})"
        if target == "notebooks/explore.ipynb":
            return f"[{text}](explorers.md)"
        if target == "docs/ci.md":
            return f"[{text}](ci.md)"
        if target.startswith("notebooks/"):
            return f"[{text}](study/{name}.ipynb)" if name in NOTEBOOK_STAGES else text
        if target.startswith("report"):
            return f"[{text}](report.md)"
        return match[0] if target.startswith(("http", "#", "figures/")) else text

    return re.sub(r"(?<!!)\[([^\]]+)\]\(([^)\s]+)\)", page, readme)


def course_links(page: str) -> str:
    """Point the instructor page's links to the site's pages; the solutions are not among them."""
    page = re.sub(r"\]\(\.\./(\w+\.ipynb)\)", r"](../study/\1)", page)
    return page.replace("[solutions](solutions)", "`notebooks/course/solutions`")


def slug(title: str) -> str:
    """A title as a file name."""
    return re.sub(r"[^a-z]+", "_", title.lower()).strip("_")


def copy(source: Path, target: Path) -> None:
    """Copy one file, making its folder."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


if __name__ == "__main__":
    main()
