"""The study from start to end: digests, then Snakemake, with only the lines that matter on the screen."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path
from typing import TextIO

from facefair_lib.data.published.catalogue import no_folder
from facefair_lib.errors import InputError
from facefair_lib.settings import paths
from facefair_lib.settings.path_text import path_text
from facefair_lib.settings.profiles import Profile, load_profile, profile_names
from facefair_lib.store import results, results_folder
from facefair_lib.store import stages as store_stages
from facefair_lib.store.locking import alone_in
from facefair_lib.store.processes import available_cores, child_environment, dying_with_parent
from facefair_lib.store.progress import followed
from facefair_lib.store.provenance import FILE_NAME
from facefair_lib.store.results import Stage
from facefair_lib.study.closing import closing_lines
from facefair_lib.study.cluster import JOB_CORES, LOCAL, LOG_FOLDER, check_executor, graph_options
from facefair_lib.study.run_stage import FAILED, MARK, say

# What the repository keeps of a reference run: small tables and figures, no other pictures of people.
_REFERENCE_SUFFIXES = {".csv", ".json"}
_REFERENCE_BYTES = 400_000


def run_study(profile: str, data: str, photos: str, until: str, cores: int, executor: str = LOCAL) -> int:
    """Bring a profile's study up to date.

    Parameters
    ----------
    cores : of this machine, or of the largest job on a cluster; 0 for all cores, or ``JOB_CORES``
    executor : ``LOCAL``, or a folder of ``config/cluster`` with Snakemake's settings for a cluster

    Returns
    -------
    the exit status: 0 if everything is up to date now

    Raises
    ------
    InputError
        if the profile, the data folder, the stage or the executor is wrong; nothing has been started by then
    """
    settings = load_profile(profile)
    check_executor(executor)
    cores = cores or (available_cores() if executor == LOCAL else JOB_CORES)
    targets = _targets(settings, until)
    folder, pictures = _folder(settings, data), _photos(photos)
    table = pictures[0] if pictures else None
    for place in (paths.REPOSITORY, paths.results_root(), folder, table):
        _check_name(place)
    needed = (settings, *profiles_below(settings))
    for each in needed:
        results_folder.check_is_free(each.name)
    with alone_in(paths.results_root(), say) as lock:
        for each in needed:
            own = each.name == profile
            store_stages.write_digests(each, folder if own else None, pictures if own else ())
            for line in results_folder.forget_incomplete(each.name):
                say(line)
        if table:
            _check_photos(profile, table)
        command = _command(profile, folder, table, cores, targets, executor)
        where = f"{cores} cores" if executor == LOCAL else f"{executor}, at most {cores} cores per job"
        return _bring_up_to_date(settings, command, until, where, lock, elsewhere=executor != LOCAL)


def _bring_up_to_date(
    settings: Profile, command: list[str], until: str, where: str, lock: int, *, elsewhere: bool
) -> int:
    profile, log = settings.name, paths.results_dir(settings.name) / "study.log"
    begin = time.monotonic()
    say(f"study {profile}: {settings.title} ({where}; details in {path_text(log)})")
    status, stages = _run_graph(command, log, lock, log.with_name(LOG_FOLDER) if elsewhere else None)
    seconds = time.monotonic() - begin
    if status:
        say(f"study {profile} stopped after {seconds:.0f} s; run the same command again to resume")
    elif stages:
        say(f"study {profile} complete: {stages} stages in {seconds:.0f} s")
    else:
        say(f"study {profile}: nothing has changed, nothing to do ({seconds:.0f} s)")
    if not status and not until:
        for line in closing_lines(profile):
            say(line)
    return status


def _targets(settings: Profile, until: str) -> list[str]:
    """The files that the graph must bring up to date, in the folder of the results.

    The whole study names all stages: by the last alone, Snakemake would not notice that an earlier one was removed.
    """
    rendered = settings.data.source == "rendered"
    stages = [name for name in store_stages.STAGE_NAMES if rendered or name != store_stages.COHORT]
    if until and until not in stages:
        raise InputError(f"stage {until!r}", found="no such stage", expected=", ".join(stages), do="use one")
    stages = [until] if until else stages
    return [f"{settings.name}/{stage}/{FILE_NAME}" for stage in stages]


def _check_name(path: Path | None) -> None:
    """Refuse a path that notebooks cannot hold; names of files within the folders do not matter."""
    try:
        os.fsencode(path or "").decode("utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            path,
            found="a name with bytes that are not UTF-8",
            expected="a path that notebooks and tables can name",
            do="rename the part shown with a backslash, or give a symbolic link to it",
        ) from error


def _folder(settings: Profile, data: str) -> Path | None:
    if settings.data.source == "rendered":
        if data:
            raise InputError(
                f"DATA={data}",
                found=f"profile {settings.name}, which reads rendered people",
                expected="no data folder",
                do="leave out DATA, or choose a profile that reads a data set, such as fasseg (facefair profiles)",
            )
        return None
    if not data:
        raise no_folder(settings.name, settings.data.source)
    from facefair_lib.data.readers.opening import open_source  # loads SciPy, which rendered people do not need

    folder = Path(data).expanduser().absolute()
    open_source(settings.data, folder)  # raises if something is wrong with the folder, before anything runs
    return folder


def _photos(photos: str) -> list[Path]:
    """The user's table and the files it names; none without a table."""
    if not photos:
        return []
    table = Path(photos).expanduser().resolve()
    if not table.is_file():
        raise InputError(
            table,
            found="no such file",
            expected="a CSV: image, subject[, group, emotion, mask]",
            do="correct PHOTOS, or copy the table there",
        )
    from facefair_lib.data.readers.unmasked.photos import named_files

    return [table, *named_files(table)]


def _check_photos(profile: str, table: Path) -> None:
    """Open all photographs before long work begins, unless the experiment has already read them unchanged."""
    from facefair_lib.data.readers.unmasked.photos import check_photos

    record = paths.results_dir(profile) / store_stages.USES_PHOTOS / FILE_NAME
    digest = store_stages.digest_file(profile, store_stages.USES_PHOTOS)
    if not record.exists() or digest.stat().st_mtime_ns > record.stat().st_mtime_ns:
        check_photos(table)


def profiles_below(settings: Profile) -> list[Profile]:
    """Profiles whose fits this one needs."""
    return [load_profile(name) for name in (settings.transfer_from, settings.mitigated_by) if name]


def _command(
    profile: str, data: Path | None, photos: Path | None, cores: int, targets: list[str], executor: str = LOCAL
) -> list[str]:
    """Snakemake's command line. It works in the folder of the results, so that their path is no part of the graph's
    patterns, and reads values from a file, because on its command line it would parse ``007`` or ``a, b``.
    """
    root = None if executor == LOCAL else paths.results_root()
    values = {"profile": profile, "cores": cores, "data": _text(data), "photos": _text(photos), "root": _text(root)}
    settings = results.write_json(paths.results_dir(profile) / ".digests" / "graph.json", values)
    return [
        *(sys.executable, "-m", "snakemake", "--snakefile", str(paths.SNAKEFILE)),
        *("--directory", str(paths.results_root()), "--configfile", str(settings)),
        *graph_options(executor, cores),
        *("--rerun-incomplete", "--rerun-triggers", "mtime", "--nolock"),
        *("--quiet", "progress", "rules", "host", "reason"),
        *("--", *targets),
    ]


def _text(path: Path | None) -> str:
    return os.fsencode(path).decode("utf-8") if path else ""


class _Screen:
    """Shows marked lines, writes everything to the log, and counts completed stages."""

    def __init__(self, log: TextIO) -> None:
        self._log = log
        self._turn = threading.Lock()  # jobs on other machines and Snakemake print at the same time
        self.stages = 0
        self.last: list[str] = []
        self.failed = False

    def show(self, line: str) -> None:
        with self._turn:
            self._log.write(line)
            self.last = [*self.last[-14:], line]
            if line.startswith(MARK):
                print(line, end="", flush=True)
                self.stages += " done in " in line
                self.failed = self.failed or f" {FAILED}" in line


def _run_graph(command: list[str], log: Path, lock: int, logs: Path | None) -> tuple[int, int]:
    """Run Snakemake and return its exit status and the number of completed stages; ``logs`` is the folder where jobs on
    other machines print.
    """
    with (
        log.open("w", encoding="utf-8", buffering=1) as file,
        followed(logs, (screen := _Screen(file)).show) if logs else nullcontext(screen := _Screen(file)),
        # Leaving this block waits for Snakemake to end, also after an interrupt. It holds the lock as well: if it
        # outlives this process, as it can on macOS, no other study starts beside it.
        subprocess.Popen(
            dying_with_parent(command), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8",
            errors="replace", env=child_environment(MPLBACKEND="Agg"), pass_fds=[lock],
        ) as process,
    ):  # fmt: skip
        try:
            _show_all(process, screen)
        except KeyboardInterrupt:  # Snakemake got it too, and has yet to say so and to cancel what runs elsewhere
            _show_all(process, screen)
            raise
        status = process.wait()
    if status and not screen.failed:
        print("".join(screen.last), end="", file=sys.stderr)
    return status, screen.stages


def _show_all(process: subprocess.Popen[str], screen: _Screen) -> None:
    for line in process.stdout or ():
        screen.show(line)


def clean_results(profile: str, ask: Callable[[str], bool] | None) -> list[str]:
    """Remove what studies made for a profile, or for every profile; the committed reference results stay.

    Returns
    -------
    a line for everything that was removed
    """
    if not paths.results_root().is_dir():
        return []
    names = [name for name in ([profile] if profile else profile_names()) if results_folder.made_by_a_study(name)]
    reports = [paths.report_pdf(name) for name in names if paths.report_pdf(name).exists()]
    shown = [path_text(path) for path in (*(paths.results_dir(name) for name in names), *reports)]
    if not names or (ask and not ask(f"remove {', '.join(shown)}?")):
        return []
    with alone_in(paths.results_root(), say):
        for report in reports:
            report.unlink()
        left = {path_text(paths.results_dir(name)): results_folder.remove(name) for name in names}
    stays = {folder: f" (left there: {', '.join(files)})" for folder, files in left.items() if files}
    return [f"removed {path}{stays.get(path, '')}" for path in shown]


def keep_as_reference(profile: str) -> int:
    """Copy figures to ``figures/``, small tables to ``results/kept/`` and, for several runs, the report to ``report/``.

    The answer is kept of several runs only. A profile that fits architectures for a comparison keeps that notebook and
    nothing else, and need not have gone further; all other profiles leave it alone. README's answer, the list in
    codecheck.yml and the RO-Crate's description are then written from what is kept.

    Returns
    -------
    the number of files

    Raises
    ------
    InputError
        if the study lacks something that is to be kept, such as the PDF; the old reference stays
    """
    from facefair_lib.report import codecheck, crate, readme  # loads SciPy, which no other command needs

    source, target = paths.results_dir(profile), store_stages.KEPT
    several, compared = load_profile(profile).runs > 1, "09_model_comparison"
    kept = [stage for stage in store_stages.NOTEBOOK_STAGES if stage not in (compared, store_stages.ANSWER)]
    last = store_stages.REPORT
    if load_profile(profile).comparison:
        kept, last = [compared], compared
    elif several:
        kept.append(store_stages.ANSWER)
    Stage(source / last).existing(FILE_NAME)
    report = paths.report_pdf(profile)
    if several and not report.is_file():
        raise InputError(
            report, found="no such file: the study ran without LaTeX", expected="the report as PDF",
            do=f"install LaTeX, then: make study PROFILE={profile}",
        )  # fmt: skip
    with alone_in(paths.results_root(), say):
        count = sum(_keep(source, target, stage) for stage in kept)
        if several:
            _keep_report(report, paths.kept_report())
    readme.update(paths.REPOSITORY / "README.md", target)
    codecheck.update(paths.REPOSITORY / "codecheck.yml", paths.REPORT, paths.FIGURES, target)
    crate.update(paths.REPOSITORY, codecheck.listed(paths.REPORT, paths.FIGURES, target), target)
    return count + several


def _keep(source: Path, target: Path, stage: str) -> int:
    """Replace the files of an earlier reference by those of one stage; return their number."""
    for old in [path for path in (target / stage).rglob("*") if path.suffix in _REFERENCE_SUFFIXES and path.is_file()]:
        old.unlink()
    files = sorted((source / stage).rglob("*"))
    tables = [file for file in files if file.suffix in _REFERENCE_SUFFIXES and file.stat().st_size <= _REFERENCE_BYTES]
    figures = [file for file in files if file.parent.name == "figures" and file.suffix == ".png"]
    for file in tables:
        kept = target / file.relative_to(source)
        kept.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, kept)
    for file in figures:
        _keep_figure(file, paths.FIGURES / file.name)
    return len(tables) + len(figures)


def _keep_report(source: Path, target: Path) -> None:
    """Keep a report with its pictures as JPEG, at half its size; those with a palette, such as masks, stay exact."""
    from pypdf import PdfWriter

    pdf = PdfWriter(clone_from=source)
    for image in (image for page in pdf.pages for image in page.images):
        if image.indirect_reference.get_object()["/ColorSpace"] == "/DeviceRGB":
            image.replace(image.image.convert("RGB"), quality=80, subsampling=0)
    with results.replacing(target) as temporary:
        pdf.write(temporary)


def _keep_figure(source: Path, target: Path) -> None:
    """Keep a figure in 256 colours, a third of its size; the report prints the study's own vector graphics."""
    from PIL import Image

    with Image.open(source) as picture, results.replacing(target) as temporary:
        picture.convert("RGB").quantize(256).save(temporary, optimize=True)
