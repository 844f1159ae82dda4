"""Download a data set from its public git repository, resumably.

Only FASSEG may be fetched without asking its owner. git names every file by a checksum of its bytes and refuses what
does not match, so no list of checksums is needed here.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from facefair_lib.errors import InputError
from facefair_lib.store.processes import child_environment
from facefair_lib.store.progress import Advance

RECORD = "facefair_source.txt"
"""File written into a finished download: address, commit and number of files."""

_BATCH = 24  # files, about 25 MB
_SECONDS = 600  # that one call of git may take

# "noop" stops git from saying that it has the commit, from which the server would conclude that it has its files.
_FETCH = ("-c", "fetch.negotiationAlgorithm=noop", "fetch", "--quiet", "--no-tags", "--filter=blob:none")

REPOSITORIES: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {"fasseg": ("https://github.com/massimomauro/FASSEG-repository", ("V1", "V2", "V3"))}
)
"""Data sets that can be downloaded: address of the git repository, and which of its folders are fetched.

Every other data set must be requested from its owner, or is behind a form."""


@dataclass(frozen=True)
class Download:
    """What was fetched: the folder, the commit (40 hexadecimal digits) and the number of files."""

    folder: Path
    commit: str
    files: int


def download(name: str, out: Path, commit: str = "", url: str = "", progress: Advance | None = None) -> Download:
    """Fetch a data set, or resume an interrupted fetch.

    Files arrive in batches in ``<out>.partial``, which is renamed to ``out`` when it has all of them. A finished folder
    is recognised by its record and left alone.

    Parameters
    ----------
    name : a key of ``REPOSITORIES``
    out : folder to write: new, or empty
    commit : full name of the commit wanted; "" takes the newest, and the record says which that was
    url : another address of the same repository, such as a mirror
    progress : called with (files fetched, files in all)

    Raises
    ------
    InputError
        for a data set that cannot be downloaded, a folder in use, git missing, no connection, or an unknown commit
    """
    if name not in REPOSITORIES:
        raise InputError(
            name,
            found="a data set that must be requested from its owner, or is behind a form",
            expected=f"one of {', '.join(REPOSITORIES)}",
            do="get it from its owner (facefair datasets says where), then run facefair datasets check",
        )
    published, folders = REPOSITORIES[name]
    url, out = url or published, Path(out).expanduser().absolute()
    finished = _finished(out, commit)
    if finished:
        return finished
    work = out.with_name(f"{out.name}.partial")
    _begin(work, url)
    wanted = _fetch_commit(work, url, commit)
    files = _list(work, wanted, folders, url)
    _fetch_files(work, wanted, files, url, progress)
    shutil.rmtree(work / ".git")
    (work / RECORD).write_text(f"url {url}\ncommit {wanted}\nfiles {len(files)}\n", encoding="utf-8")
    out.parent.mkdir(parents=True, exist_ok=True)
    work.replace(out)  # an empty folder of that name is replaced
    return Download(out, wanted, len(files))


def _finished(out: Path, commit: str) -> Download | None:
    """Read the record of a finished download; refuse a folder that holds something else."""
    record = out / RECORD
    if record.is_file():
        words = dict(line.split(" ", 1) for line in record.read_text(encoding="utf-8").splitlines())
        if commit in ("", words["commit"]):
            return Download(out, words["commit"], int(words["files"]))
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise InputError(
            out,
            found=f"a download of commit {words['commit']}" if record.is_file() else "a file, or a folder in use",
            expected="a new or empty folder",
            do="give another --out, or remove this one",
        )
    return None


def _begin(work: Path, url: str) -> None:
    """Make the repository to fetch into, or reuse the one that an interrupted download from the same address left."""
    if (work / ".git").is_dir() and _git(work, url, "config", "remote.origin.url", allow_failure=True).strip() == url:
        for lock in (work / ".git").rglob("*.lock"):  # a killed git leaves its locks behind
            lock.unlink()
        return
    if work.exists() and any(work.iterdir()):
        raise InputError(
            work,
            found="the remains of another download",
            expected=f"the remains of a download from {url}, or nothing",
            do="remove it, or give another --out",
        )
    work.mkdir(parents=True, exist_ok=True)
    _git(work, url, "init", "--quiet")
    for key, value in (
        ("remote.origin.url", url),
        ("remote.origin.promisor", "true"),
        ("remote.origin.partialclonefilter", "blob:none"),
        ("core.autocrlf", "false"),
        ("core.symlinks", "false"),  # a link in the repository becomes a small text file, which cannot lead anywhere
    ):
        _git(work, url, "config", key, value)


def _fetch_commit(work: Path, url: str, commit: str) -> str:
    """Fetch the commit and its listing, without any file; return the commit's name."""
    known = _git(work, url, "rev-parse", "--verify", "--quiet", "refs/facefair/wanted", allow_failure=True).strip()
    if known and commit in ("", known):
        return known
    _git(work, url, *_FETCH, "--depth", "1", "origin", commit or "HEAD")
    fetched = _git(work, url, "rev-parse", "FETCH_HEAD").strip()
    _git(work, url, "update-ref", "refs/facefair/wanted", fetched)
    return fetched


def _list(work: Path, commit: str, folders: Sequence[str], url: str) -> dict[str, str]:
    """Name of each file wanted -> git's checksum of its bytes."""
    listing = _git(work, url, "ls-tree", "-r", "-z", commit, "--", *folders)
    entries = [entry.partition("\t") for entry in listing.split("\0") if entry]
    files = {name: about.split()[2] for about, _, name in entries}
    absent = [folder for folder in folders if not any(name.startswith(f"{folder}/") for name in files)]
    if absent:
        raise InputError(
            url,
            found=f"no folder {', '.join(absent)} in commit {commit}",
            expected=f"the folders {', '.join(folders)}",
            do="give the commit that has them with --commit",
        )
    return files


def _fetch_files(work: Path, commit: str, files: Mapping[str, str], url: str, progress: Advance | None) -> None:
    """Fetch and check out, batch by batch, the files that are not there yet.

    A checkout alone would fetch them as well, but with one connection per file.
    """
    absent = _git(work, url, "rev-list", "--objects", "--missing=print", "--no-object-names", commit).splitlines()
    missing = {line[1:] for line in absent if line.startswith("?")}
    names = list(files)
    for begin in range(0, len(names), _BATCH):
        batch = [name for name in names[begin : begin + _BATCH] if not (work / name).is_file()]
        wanted = sorted({files[name] for name in batch} & missing)
        if wanted:
            _git(work, url, *_FETCH, "--no-write-fetch-head", "origin", "--stdin", given="\n".join(wanted) + "\n")
        if batch:
            paths = "\0".join(batch)
            _git(work, url, "checkout", commit, "--pathspec-from-file=-", "--pathspec-file-nul", given=paths)
        if progress is not None:
            progress(min(begin + _BATCH, len(names)), len(names))
    changed = _git(work, url, "diff", "--name-only", commit, "--", *sorted({name.partition("/")[0] for name in files}))
    if changed:
        broken = changed.splitlines()
        for name in broken:
            (work / name).unlink(missing_ok=True)
        raise InputError(
            work,
            found=f"{len(broken)} files that differ from the repository's, first {broken[0]}",
            expected="the files as published",
            do="run the same command again; these files were removed",
        )


def _git(work: Path, url: str, *arguments: str, given: str = "", allow_failure: bool = False) -> str:
    """Run git in the work folder with literal paths and without prompts; an error quotes git's last line."""
    environment = child_environment(GIT_TERMINAL_PROMPT="0", GIT_LITERAL_PATHSPECS="1", LC_ALL="C")
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):  # set inside git hooks, they point to another folder
        environment.pop(name, None)
    try:
        done = subprocess.run(
            ["git", "-C", str(work), *arguments],
            input=given,
            capture_output=True,
            text=True,
            errors="replace",
            env=environment,
            timeout=_SECONDS,
        )
    except FileNotFoundError as error:
        raise InputError(
            "git", found="no such program", expected="git 2.29 or newer", do="install git, then run the command again"
        ) from error
    except subprocess.TimeoutExpired as error:
        raise _failed(url, f"no answer within {_SECONDS} s", work) from error
    if done.returncode != 0 and not allow_failure:
        lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
        raise _failed(url, lines[-1] if lines else f"git ended with exit status {done.returncode}", work)
    return done.stdout if done.returncode == 0 else ""


def _failed(url: str, words: str, work: Path) -> InputError:
    return InputError(
        url,
        found=words,
        expected="a git repository that can be reached from here",
        do=f"check the connection and run the same command again: it resumes with {work}. Without a connection, copy "
        "the repository from a machine that has one and run facefair datasets check",
    )
