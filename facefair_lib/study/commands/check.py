"""``facefair check``: is every result what the present code, settings and data would give?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from facefair_lib.errors import InputError
from facefair_lib.settings import paths


@dataclass(frozen=True)
class Finding:
    """Whether one stage is up to date.

    Attributes
    ----------
    name : the stage, with its profile if that is another one; or README.md
    why : the things that changed since it was made; empty if it is up to date
    """

    name: str
    why: tuple[str, ...]


def check(
    profile: Annotated[str, typer.Option(help="A profile in config/, such as quick or fasseg.")] = "quick",
) -> None:
    """Say which stages' results are up to date, and what changed since for the others; these make the exit status 1."""
    findings = list(check_study(profile))
    width = max(len(finding.name) for finding in findings)
    for finding in findings:
        typer.echo(f"{'✗' if finding.why else '✓'} {finding.name:{width}} {'; '.join(finding.why) or 'up to date'}")
    raise typer.Exit(1 if any(finding.why for finding in findings) else 0)


def check_study(name: str) -> Iterator[Finding]:
    """Check a profile's stages, those of the profiles whose fits it needs, its report, and README's answer.

    Unlike the graph, which compares times, this reads every file that a stage read or left. The user's data folder and
    photographs are those given to the last study.
    """
    from facefair_lib.settings.profiles import load_profile
    from facefair_lib.store import stages
    from facefair_lib.study.run_all import profiles_below

    settings = load_profile(name)
    stale: set[str] = set()
    for profile in (*profiles_below(settings), settings):
        data, photos = _users_files(name) if profile is settings else (None, [])
        for stage in stages.STAGES:
            if stage.name == stages.COHORT and profile.data.source != "rendered":
                continue
            place = f"{profile.name}/{stage.name}"
            why = tuple(_why(place, stages.digest_lines(stage, profile, data, photos), stale))
            if why:
                stale.add(place)
            yield Finding(stage.name if profile is settings else place, why)
    yield Finding("README.md", tuple(_why_readme()))


def _users_files(profile: str) -> tuple[Path | None, list[Path]]:
    """The last study's data folder, and its table of photographs with the files that it names."""
    from facefair_lib.data.readers.unmasked.photos import named_files
    from facefair_lib.store.results import read_json

    record = paths.results_dir(profile) / ".digests" / "graph.json"
    given = read_json(record) if record.exists() else {"data": "", "photos": ""}
    data, table = (Path(given[key]) if given[key] else None for key in ("data", "photos"))
    return data, [table, *named_files(table)] if table and table.is_file() else []


def _why(place: str, now: list[str], stale: set[str]) -> Iterator[str]:
    """What changed since a stage was made, other than within the stages that it reads."""
    from facefair_lib.store.provenance import FILE_NAME, changed_files, digest_of, told
    from facefair_lib.store.results import read_json
    from facefair_lib.store.stages import REPORT

    record = paths.results_root() / place / FILE_NAME
    if not record.is_file():
        yield "not finished"
        return
    changed = changed_files(record, thorough=True)
    if changed:
        yield told(changed)
    try:
        made = read_json(record)
    except InputError:  # already reported among the changed files
        return
    before, after = (dict(line.rsplit(" ", 1) for line in lines) for lines in (made["code"], now))
    for name in sorted(before.keys() | after.keys()):
        if before.get(name) != after.get(name):
            yield _described(name, place)
    for name, digest in made["inputs"].items():
        read = paths.results_root() / name
        if not read.exists() or digest_of(read) != digest:
            yield f"input {name}"
    for earlier in dict.fromkeys("/".join(name.split("/")[:2]) for name in made["inputs"]):
        if earlier in stale:
            yield f"after {earlier.split('/')[1]}"
    profile, stage = place.split("/")
    if stage == REPORT:
        yield from _why_report(profile)


def _why_report(profile: str) -> Iterator[str]:
    """Whether the PDF is the one that the stage printed from its numbers."""
    from facefair_lib.store.provenance import digest_of
    from facefair_lib.store.results_folder import missing_report

    pdf, printed = paths.report_pdf(profile), paths.results_dir(profile) / "report" / "report.pdf"
    if missing_report(profile):
        yield missing_report(profile)
    elif pdf.is_file() and (not printed.is_file() or digest_of(pdf) != digest_of(printed)):
        yield f"{pdf.name} is not the one that this study printed"


def _why_readme() -> Iterator[str]:
    """Whether README's answer is that of the kept tables."""
    from facefair_lib.report import readme
    from facefair_lib.store.stages import KEPT

    page = paths.REPOSITORY / "README.md"
    if readme.updated(page, KEPT) != page.read_text(encoding="utf-8"):
        yield "its answer is not that of results/kept"


def _described(name: str, place: str) -> str:
    """Kind and name of the thing that a line of the digest is about."""
    if name.startswith("settings."):
        return f"setting {name.removeprefix('settings.')}"
    if name == "notebook":
        return f"code notebooks/{place.split('/')[1]}.ipynb"
    if "/" in name:
        return f"file {name}"
    if name in ("data", "photos"):
        return f"the user's {name}"
    return f"code {name}"
