"""The explorers in a real browser. `make test-browser` runs these; `make test` leaves them out."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from facefair_lib import paths, workflow

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
EXPERIMENT_NOTEBOOK = "05_ethnicity_emotion_experiment"
STAGES_NEEDED = ("01_data_preparation", *workflow.TRAINING_STAGES.values(), workflow.EXPERIMENT)
"""What the explorers and notebook 05 read."""
_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 1000 * int(os.environ.get("FACEFAIR_PATIENCE", "600"))  # ms; kernels are compiled in the first run
TOKEN = "a-token-of-the-tests"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Collect these tests only where the command line names their folder."""
    named = any("browser" in Path(argument.split("::")[0]).parts for argument in config.args)
    return None if named else True


def chromium() -> str | None:
    """The browser's program, if it is installed."""
    return next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip everything here before a study or a server is started for a browser that is not there."""
    if chromium() is None:
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(pytest.mark.skip("no Chromium is installed here: sudo apt-get install chromium"))


@pytest.fixture(autouse=True, scope="session")
def no_network() -> None:
    """Replaces the suite's guard: a browser and a server must talk, on this machine."""


@dataclass(frozen=True)
class FinishedStudy:
    """A study to explore: its profile and the environment that finds its results."""

    profile: str
    environment: dict[str, str]


@pytest.fixture(scope="session")
def study(tmp_path_factory: pytest.TempPathFactory) -> FinishedStudy:
    """The quick or the smoke study where it has been run, else a smoke study made for this (about two minutes).

    Results there are stay as they are: the pages see a folder of links to them, in which notebook 05 writes its own.
    """
    folder = tmp_path_factory.mktemp("results")
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    environment |= {"FACEFAIR_RESULTS": str(folder), "FACEFAIR_CACHE": str(paths.cache_dir())}
    for profile in (paths.DEFAULT_PROFILE, "smoke"):
        stages = [paths.results_dir(profile) / name for name in STAGES_NEEDED]
        if all((stage / "provenance.json").exists() for stage in stages):  # written last: the stage is complete
            (folder / profile).mkdir()
            for stage in stages:
                (folder / profile / stage.name).symlink_to(stage.resolve(), target_is_directory=True)
            return FinishedStudy(profile, environment)
    command = [sys.executable, "-m", "facefair_lib", "study", "--profile", "smoke", "--until", EXPERIMENT_NOTEBOOK]
    outcome = subprocess.run(command, env=environment, cwd=paths.REPOSITORY, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr
    return FinishedStudy("smoke", environment)


@pytest.fixture(scope="session")
def screenshots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where pictures of the pages go; ``FACEFAIR_SCREENSHOTS`` keeps them."""
    folder = Path(os.environ.get("FACEFAIR_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """One page of a headless Chromium with a profile of its own."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        folder = tmp_path_factory.mktemp("chromium")
        size = {"width": 1500, "height": 1050}
        context = playwright.chromium.launch_persistent_context(
            folder, executable_path=chromium(), headless=True, viewport=size, args=list(_OPTIONS)
        )
        context.set_default_timeout(PATIENCE)
        yield context.pages[0]
        context.close()


@pytest.fixture(scope="session")
def serving(study: FinishedStudy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable]:
    """Start servers, give their addresses, and stop them at the end."""
    started: list[subprocess.Popen] = []
    folder = tmp_path_factory.mktemp("servers")

    def start(command: Callable[[int], list[str]], ready: str, name: str) -> str:
        port = free_port()
        log = folder / f"{name}.log"
        isolated = {f"JUPYTER_{kind}_DIR": str(folder / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
        isolated |= {f"JUPYTERLAB_{kind}_DIR": str(folder / kind) for kind in ("SETTINGS", "WORKSPACES")}
        environment = {**study.environment, **isolated}
        with log.open("w") as output:  # the server keeps its own handle of it
            server = subprocess.Popen(command(port), env=environment, stdout=output, stderr=subprocess.STDOUT)
        started.append(server)
        address = f"http://127.0.0.1:{port}"
        wait_for(address + ready, server, log)
        return address

    yield start
    for server in started:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(20)
        server.kill()
        server.wait()


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(address: str, server: subprocess.Popen, log: Path) -> None:
    """Wait until a server answers; what it said is shown where it does not."""
    end = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < end and server.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except urllib.error.HTTPError as error:
            error.close()
            return  # it answers: whether it lets one in is another question
        except OSError:
            time.sleep(0.3)
        else:
            return
    pytest.fail(f"{address} does not answer:\n{log.read_text()[-2000:]}")


@pytest.fixture(scope="session")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that JupyterLab shows."""
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(scope="session")
def lab(serving, notebooks: Path) -> str:
    """Address of JupyterLab."""

    def command(port: int) -> list[str]:
        settings = ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
        place = ["--ip=127.0.0.1", f"--port={port}", f"--ServerApp.root_dir={notebooks}"]
        options = ["--no-browser", "--allow-root", f"--IdentityProvider.token={TOKEN}", *place, *settings]
        return [sys.executable, "-m", "jupyterlab", *options]

    return serving(command, "/api", "lab")
