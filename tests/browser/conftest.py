"""The explorers in a real browser. `make test-browser` runs these; `make test` leaves them out."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

from facefair_lib.settings import paths
from facefair_lib.store import stages as store_stages

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")
EXPERIMENT_NOTEBOOK = "05_ethnicity_emotion_experiment"
STAGES_NEEDED = ("01_data_preparation", *store_stages.TRAINING_STAGES.values(), store_stages.EXPERIMENT)
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
PATIENCE = 1000 * int(
    os.environ.get("FACEFAIR_PATIENCE", "600")
)  # ms for one wait; nothing is known by its end but that it hangs


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
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        folder = tmp_path_factory.mktemp("chromium")
        size = {"width": 1500, "height": 1050}
        context = playwright.chromium.launch_persistent_context(
            folder, executable_path=chromium(), headless=True, viewport=size, args=list(_OPTIONS), timeout=PATIENCE
        )
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        yield context.pages[0]
        context.close()


@pytest.fixture(scope="session")
def serving(study: FinishedStudy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable]:
    """Start servers, give the addresses that they say, and stop them at the end."""
    started: list[subprocess.Popen] = []
    folder = tmp_path_factory.mktemp("servers")
    isolated = {f"JUPYTER_{kind}_DIR": str(folder / kind) for kind in ("CONFIG", "DATA", "RUNTIME")}
    isolated |= {f"JUPYTERLAB_{kind}_DIR": str(folder / kind) for kind in ("SETTINGS", "WORKSPACES")}
    # Every cell is on the page from the start: what is not yet drawn cannot be waited for.
    shown = folder / "SETTINGS" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    shown.parent.mkdir(parents=True)
    shown.write_text('{"windowingMode": "none"}', encoding="utf-8")

    def start(*command: str) -> str:
        for _ in range(3):  # a free port is looked for before it is listened on, and may be taken by then
            log = folder / f"{len(started)}.log"
            with log.open("w") as output:  # the server keeps its own handle of it
                environment = {**study.environment, **isolated}
                server = subprocess.Popen(
                    [sys.executable, "-m", *command], env=environment, stdout=output, stderr=subprocess.STDOUT
                )
            started.append(server)
            if address := address_of(server, log):
                return address
        pytest.fail(f"no server listens:\n{log.read_text()[-2000:]}")

    yield start
    for server in started:
        server.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(PATIENCE / 1000)
        server.kill()
        server.wait()


def address_of(server: subprocess.Popen, log: Path) -> str | None:
    """The address that a server says, once it listens there; none if it ends before."""
    for _ in range(PATIENCE // 200):
        said = re.search(r"http://127\.0\.0\.1:[1-9]\d*/\S*\n", log.read_text())
        if said and listens(said[0].strip()):
            return said[0].strip()
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(0.2)
            return None
    return None


def listens(address: str) -> bool:
    """Whether a server listens at its address: JupyterLab says it before."""
    place = urlsplit(address)
    with contextlib.suppress(OSError), socket.create_connection((place.hostname, place.port)):
        return True
    return False


@pytest.fixture(scope="session")
def notebooks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that JupyterLab shows."""
    return tmp_path_factory.mktemp("notebooks")


@pytest.fixture(scope="session")
def lab(serving: Callable, notebooks: Path) -> str:
    """Address of a file in JupyterLab, for its name to be put in."""
    settings = ["--LabApp.news_url=None", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"]
    place = ["--ip=127.0.0.1", "--port=0", f"--ServerApp.root_dir={notebooks}"]
    token = secrets.token_urlsafe(24)  # JupyterLab does not say one that it was given
    options = ["--no-browser", "--allow-root", f"--IdentityProvider.token={token}", *place, *settings]
    address = urljoin(serving("jupyterlab", *options), "/lab/tree/")
    return f"{address}{{}}?token={token}&reset"
