"""Build the site: executed notebooks, guides, course, explorers, report and reference, into docs/_build/html.

The pages are collected in docs/_build/source, so the notebooks of the repository stay without outputs. The study has
executed its notebooks; the lessons are executed here, as a student first meets them.
"""

from __future__ import annotations

import argparse
import posixpath
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
SECONDS = 600  # limit for one cell of a lesson; on an idle machine none takes more than five

GUIDES = tuple(path.stem for path in sorted(DOCS.glob("*.md")) if path.stem not in ("explorers", "notebooks"))
"""Pages of docs/ on how to do something; the other two have places of their own."""
CARDS = (
    *("facefair_lib/models/shipped/deeplabv3.md", "facefair_lib/models/shipped/pspnet.md"),
    "facefair_lib/parse/blazeface_short_range.md",
)
PROJECT = tuple(path.name for path in sorted(ROOT.glob("*.md")) if path.name != "README.md")

_REFERENCE = (
    ("Scores", "facefair_lib", "scores.confusion scores.metrics scores.resampling scores.outline_errors"),
    ("Fairness", "facefair_lib",
     "fairness.groups fairness.group_gap fairness.paired fairness.families fairness.regression.adjusted "
     "fairness.equivalence fairness.power scores.without_masks"),
    ("Reading a paper critically", "facefair_lib", "reproduction.table_checks reproduction.nine_photographs"),
    ("Rendered people", "facefair_heads",
     "people.person people.shots people.population people.counterfactual camera.render camera.compose sets.dataset"),
    ("Data", "facefair_lib", "settings.labels data.readers.opening data.manifest data.deduplicate data.split"),
    ("Networks", "facefair_lib", "models.build training.fit training.predict parse parse.parser"),
)  # fmt: skip
REFERENCE = tuple(
    (title, tuple(f"{package}.{module}" for module in modules.split())) for title, package, modules in _REFERENCE
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
    """Collect the site's sources anew."""
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
        shutil.copyfile(report, SOURCE / "static" / "report.pdf")
    if paths.kept_report().exists():
        shutil.copyfile(paths.kept_report(), SOURCE / "static" / "reference.pdf")
    write_pages([f"course/{lesson.stem}" for lesson in lessons], report.exists())


def executed_lesson(path: Path) -> nbformat.NotebookNode:
    """A lesson with its outputs, its exercises unsolved."""
    notebook = nbformat.read(path, as_version=4)
    options = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=SECONDS, kernel_manager_class=LocalKernelManager, resources=options).execute()
    return notebook


def write_notebook(notebook: nbformat.NotebookNode, target: Path, place: str, repository: Repository | None) -> None:
    """Write a page; where the repository has an address, badges that open ``place`` follow its title.

    Parameters
    ----------
    place : the notebook's path in the repository
    """
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            cell.source = site_links(cell.source, place)
    if repository:
        title, *rest = notebook.cells[0].source.split("\n", 1)
        notebook.cells[0].source = "\n".join([title, "", repository.badges(place), *rest])
    results.write_text(target, nbformat.writes(notebook))


def write_pages(lessons: list[str], has_report: bool) -> None:
    """Write the pages that are not notebooks: start, guides, report, reference and the table of contents."""
    contents = [
        toctree("The study", ["notebooks", *(f"study/{name}" for name in NOTEBOOK_STAGES)]),
        toctree("Report", ["report"]),
        toctree("Guides", list(GUIDES)),
        toctree("Course", ["course/README", *lessons]),
        toctree("Explorers", ["explorers"]),
        toctree("Reference", [f"reference/{slug(title)}" for title, _ in REFERENCE]),
        toctree("Cards of networks", [site_place(card).removesuffix(".md") for card in CARDS]),
        *([toctree("Project", [name.removesuffix(".md") for name in PROJECT])] if PROJECT else []),
    ]
    for page in pages():
        text = site_links((ROOT / page).read_text(encoding="utf-8"), page)
        end = "\n\n" + "\n\n".join(contents) + "\n" if page == "README.md" else ""
        results.write_text(SOURCE / site_place(page), text + end)
    results.write_text(SOURCE / "report.md", report_page(has_report))
    for title, modules in REFERENCE:
        results.write_text(SOURCE / "reference" / f"{slug(title)}.md", reference_page(title, modules))


def pages() -> list[str]:
    """Files of the repository, in Markdown, that are pages of the site."""
    guides = [f"docs/{path.name}" for path in sorted(DOCS.glob("*.md"))]
    return ["README.md", *guides, "notebooks/course/README.md", *CARDS, *PROJECT]


def toctree(title: str, pages: list[str]) -> str:
    """A hidden table of contents, which the side bar shows."""
    return "\n".join(["```{toctree}", ":hidden:", f":caption: {title}", "", *pages, "```"])


def report_page(exists: bool) -> str:
    """The report inside the page, or how to get it, and the reference run's report where it is kept."""
    kept = paths.kept_report().exists()
    title = "# The report\n\n" + "[Report of the reference run](static/reference.pdf).\n\n" * kept
    if not exists:
        return f"{title}The study ran without LaTeX; with it, `make study` also writes the report.\n"
    frame = '<iframe src="_static/report.pdf" title="The report as PDF" style="width:100%;height:85vh"></iframe>'
    return f"{title}[Open this study's report on its own](static/report.pdf).\n\n```{{raw}} html\n{frame}\n```\n"


def reference_page(title: str, modules: tuple[str, ...]) -> str:
    """Compose a page of the reference: the docstrings of its modules."""
    parts = [f"# {title}"]
    for module in modules:
        directive = [f".. automodule:: {module}", "   :members:", "   :imported-members:" if is_package(module) else ""]
        parts += [f"## `{module}`", "\n".join(["```{eval-rst}", *filter(None, directive), "```"])]
    return "\n\n".join(parts) + "\n"


def is_package(module: str) -> bool:
    """Whether a module is a package, whose public names come from its modules."""
    return paths.REPOSITORY.joinpath(*module.split("."), "__init__.py").exists()


def site_links(text: str, place: str) -> str:
    """Point a page's links to the site's own pages; what the site does not hold becomes plain text.

    Parameters
    ----------
    place : the page's path in the repository, from which its links start
    """
    folder, own = posixpath.dirname(place), posixpath.dirname(site_place(place) or "")

    def link(match: re.Match[str]) -> str:
        picture, words, target, anchor = match.groups()
        if ":" in target or not target:  # an address of its own, or a heading of the same page
            return match[0]
        page = site_place(posixpath.normpath(posixpath.join(folder, target)))
        return f"{picture}[{words}]({posixpath.relpath(page, own or '.')}{anchor or ''})" if page else words

    return re.sub(r"(!?)\[([^\]]+)\]\(([^)\s#]*)(#[^)\s]*)?\)", link, text)


def site_place(path: str) -> str | None:
    """Where the site shows a file of the repository; ``None`` where it does not."""
    folder, name = posixpath.split(path)
    named = {"README.md": "index.md", "notebooks/explore.ipynb": "explorers.md"}
    named |= dict.fromkeys(("report", "report/reference.pdf"), "report.md")
    if path in named:
        return named[path]
    if path in PROJECT or folder == "docs":
        return name
    if folder == "notebooks/course":
        return f"course/{name}" if posixpath.splitext(name)[1] else None
    if folder == "notebooks" and name.removesuffix(".ipynb") in NOTEBOOK_STAGES:
        return f"study/{name}"
    if path in CARDS:
        return f"cards/{name}"
    return path.removeprefix("docs/") if path.startswith(("figures/", "docs/static/")) else None


def slug(title: str) -> str:
    """A title as a file name."""
    return re.sub(r"[^a-z]+", "_", title.lower()).strip("_")


if __name__ == "__main__":
    main()
