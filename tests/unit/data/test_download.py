"""Downloads, tested against git repositories that each test makes; no test reaches a network."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from tiny_datasets import photograph, save

from facefair_lib.data.published import download as module
from facefair_lib.data.published.download import download
from facefair_lib.data.readers.opening import open_reader
from facefair_lib.errors import InputError

FILES = 8


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=test", "-c", "user.email=test@localhost")
    done = subprocess.run(["git", "-C", str(folder), *identity, *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A repository like FASSEG's, with a file that is not wanted."""
    root = tmp_path / "source"
    for number in (1, 2):
        save(root / "V1" / "Train_RGB" / f"{number}.bmp", photograph(number))
        save(root / "V2" / "Train_RGB" / f"{number}.bmp", photograph(number + 10))
        save(root / "V2" / "Train_Labels" / f"{number}.bmp", photograph(number + 20))
        save(root / "V3" / "Train_RGB" / "+45" / f"personne0{number}149+0+45.bmp", photograph(number + 30))
    (root / "README.md").write_text("not wanted", encoding="utf-8")
    git(root, "init", "--quiet")
    git(root, "config", "uploadpack.allowFilter", "true")
    git(root, "config", "uploadpack.allowAnySHA1InWant", "true")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "data")
    return root


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(module, "_BATCH", 3)


def url_of(source: Path) -> str:
    return f"file://{source}"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_the_folders_wanted_arrive_whole_with_a_record_of_their_commit(source, tmp_path):
    steps: list[tuple[int, int]] = []
    out = tmp_path / "new" / "fasseg"
    done = download("fasseg", out, url=url_of(source), progress=lambda *step: steps.append(step))
    commit = git(source, "rev-parse", "HEAD")
    assert (done.folder, done.commit, done.files) == (out, commit, FILES)
    arrived = contents(out)
    record = arrived.pop("facefair_source.txt").decode()
    assert record == f"url {url_of(source)}\ncommit {commit}\nfiles {FILES}\n"
    assert arrived == {name: data for name, data in contents(source).items() if name.startswith("V")}
    assert steps == [(3, 8), (6, 8), (8, 8)]
    assert not out.with_name("fasseg.partial").exists()
    for version in ("V1", "V3"):  # they have no labels here
        shutil.rmtree(out / version)
    assert open_reader("fasseg", out).read()["image_id"].tolist() == ["V2/train/1", "V2/train/2"]


def test_only_the_files_wanted_are_fetched_and_a_batch_at_a_time(source, tmp_path, monkeypatch):
    calls: list[tuple[str, ...]] = []
    real = module._git
    monkeypatch.setattr(
        module, "_git", lambda work, url, *words, **more: calls.append(words) or real(work, url, *words, **more)
    )
    trace = tmp_path / "trace.txt"
    monkeypatch.setenv("GIT_TRACE", str(trace))
    download("fasseg", tmp_path / "out", url=url_of(source))
    fetches = [words for words in calls if "fetch" in words]
    assert len(fetches) == 1 + 3, "the listing, then one fetch per batch"
    lazy = [
        line
        for line in trace.read_text(encoding="utf-8").splitlines()
        if "run_command: git" in line and " fetch " in line
    ]
    assert lazy == [], "git fetched by itself, one connection per file"


def test_an_interrupted_download_goes_on_where_it_stopped(source, tmp_path):
    out = tmp_path / "out"

    def interrupt(done: int, total: int) -> None:
        if done == 6:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download("fasseg", out, url=url_of(source), progress=interrupt)
    assert not out.exists()
    partial = tmp_path / "out.partial"
    first = sorted(partial.rglob("*.bmp"))
    assert len(first) == 6
    times = {path.name: path.stat().st_mtime_ns for path in first}
    (partial / ".git" / "index.lock").touch()  # as a killed git leaves it
    (source / "V1" / "Train_RGB" / "3.bmp").write_bytes(b"newer")
    git(source, "add", ".")
    git(source, "commit", "--quiet", "-m", "newer")
    done = download("fasseg", out, url=url_of(source))
    assert done.files == FILES, "it keeps to the commit it began with"
    assert {path.name: path.stat().st_mtime_ns for path in sorted(out.rglob("*.bmp")) if path.name in times} == times


def test_a_file_that_was_damaged_on_the_way_is_found_and_mended_on_the_next_run(source, tmp_path):
    out = tmp_path / "out"

    def damage(done: int, total: int) -> None:
        if done == 3:
            next((tmp_path / "out.partial").rglob("*.bmp")).write_bytes(b"damaged")

    with pytest.raises(InputError, match=r"1 files that differ from the repository's, first V1/"):
        download("fasseg", out, url=url_of(source), progress=damage)
    assert not out.exists()
    assert download("fasseg", out, url=url_of(source)).files == FILES
    assert (out / "V1" / "Train_RGB" / "1.bmp").read_bytes() == (source / "V1" / "Train_RGB" / "1.bmp").read_bytes()


def test_a_commit_can_be_pinned_and_an_unknown_one_is_refused(source, tmp_path):
    old = git(source, "rev-parse", "HEAD")
    git(source, "rm", "--quiet", "V1/Train_RGB/2.bmp")
    git(source, "commit", "--quiet", "-m", "fewer")
    assert download("fasseg", tmp_path / "new", url=url_of(source)).files == FILES - 1
    pinned = download("fasseg", tmp_path / "old", commit=old, url=url_of(source))
    assert (pinned.commit, pinned.files) == (old, FILES)
    with pytest.raises(InputError, match="a git repository that can be reached"):
        download("fasseg", tmp_path / "none", commit="0" * 40, url=url_of(source))


def test_a_finished_download_is_left_alone(source, tmp_path):
    out = tmp_path / "out"
    first = download("fasseg", out, url=url_of(source))
    before = contents(out)
    assert download("fasseg", out, url="file:///nowhere") == first, "nothing is asked of the repository again"
    assert contents(out) == before
    with pytest.raises(InputError, match=f"a download of commit {first.commit}"):
        download("fasseg", out, commit="1" * 40, url=url_of(source))


def test_a_repository_without_the_folders_is_refused(source, tmp_path):
    git(source, "rm", "-r", "--quiet", "V3")
    git(source, "commit", "--quiet", "-m", "without V3")
    with pytest.raises(InputError, match="no folder V3 in commit"):
        download("fasseg", tmp_path / "out", url=url_of(source))


def test_a_server_that_sends_everything_at_once_serves_as_well(source, tmp_path):
    git(source, "config", "uploadpack.allowFilter", "false")
    assert download("fasseg", tmp_path / "out", url=url_of(source)).files == FILES


def test_without_a_connection_the_error_says_how_to_go_on(tmp_path):
    with pytest.raises(InputError) as caught:
        download("fasseg", tmp_path / "out", url=f"file://{tmp_path}/nowhere")
    text = str(caught.value)
    assert "nowhere" in text and "run the same command again" in text and "copy the repository" in text


def test_a_port_that_refuses_is_an_error_and_no_question_is_asked(tmp_path):
    with pytest.raises(InputError, match="check the connection"):
        download("fasseg", tmp_path / "out", url="http://127.0.0.1:9/FASSEG-repository")


def test_folders_in_use_are_refused(source, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "photo.jpg").write_bytes(b"x")
    with pytest.raises(InputError, match="a file, or a folder in use"):
        download("fasseg", tmp_path / "mine", url=url_of(source))
    (tmp_path / "other.partial").mkdir()
    (tmp_path / "other.partial" / "photo.jpg").write_bytes(b"x")
    with pytest.raises(InputError, match="the remains of another download"):
        download("fasseg", tmp_path / "other", url=url_of(source))
    (tmp_path / "empty").mkdir()
    assert download("fasseg", tmp_path / "empty", url=url_of(source)).files == FILES


def test_without_git_the_error_names_it(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InputError, match="install git"):
        download("fasseg", tmp_path / "out")


def test_sets_that_must_be_asked_for_are_not_downloaded(tmp_path):
    with pytest.raises(InputError, match="must be requested"):
        download("celebamask", tmp_path / "out")
