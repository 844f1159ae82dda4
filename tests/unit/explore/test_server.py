from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from facefair_lib import explore
from facefair_lib.errors import InputError
from facefair_lib.explore import server
from facefair_lib.settings import paths
from facefair_lib.store import stages
from facefair_lib.store.progress import PROGRESS_FILE


def test_the_app_of_a_study_that_has_not_been_run_says_how_to_run_it_and_which_has_been_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path))
    for profile, words in (("quick", "make study$"), ("smoke", "make study PROFILE=smoke")):
        with pytest.raises(InputError, match=f"run it first: {words}"):
            server.serve(profile, 0)
    for stage in stages.TRAINING_STAGES.values():
        (tmp_path / "smoke" / stage).mkdir(parents=True)
        (tmp_path / "smoke" / stage / "test_predictions.npy").touch()
    with pytest.raises(InputError, match=r"run it first: make study, or open 'smoke', which has been run$"):
        server.serve("quick", 0)


def test_the_server_listens_where_it_is_told_or_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = (Path("a.ipynb"), 8866, "127.0.0.1")
    monkeypatch.setattr(server, "find_spec", lambda name: object())
    assert "--Voila.ip=127.0.0.1" in server.server_command(*asked)
    monkeypatch.setattr(server, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="make setup"):
        server.server_command(*asked)


def test_the_browser_opens_the_address_that_the_server_says_with_the_token_that_it_leaves_out(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    says = """
import json, os, pathlib, sys
settings = pathlib.Path(os.environ["JUPYTER_CONFIG_DIR"], "voila.json")  # not the command line, which all users can see
sys.stderr.write("Voila is running at:\\nhttp://127.0.0.1:PORT/?token=...\\n")
sys.exit(3 if json.loads(settings.read_text()) == {"Voila": {"token": "secret"}} else 4)
"""
    asked: list[int] = []
    opened: list[str] = []

    def voila(notebook: Path, port: int, address: str) -> list[str]:
        asked.append(port)
        return [
            sys.executable,
            "-c",
            says.replace("PORT", str(port + 1)),
        ]  # as Voilà does where the port has been taken meanwhile

    monkeypatch.setattr(server, "check_has_run", lambda profile: None)
    monkeypatch.setattr(server, "server_command", voila)
    monkeypatch.setattr(server.webbrowser, "open", opened.append)
    assert server.serve("smoke", 0, token="secret") == 3
    assert server.serve("smoke", 8866, token="secret", browser=False) == 3
    assert asked[0] > 0
    assert asked[1] == 8866
    assert opened == [f"http://127.0.0.1:{asked[0] + 1}/?token=secret"]
    assert "http://127.0.0.1:8867/?token=secret" in capfd.readouterr().err


def test_asked_to_end_the_app_leaves_nothing_behind(tmp_path: Path) -> None:
    sleeper = "import sys, time; print('ready', file=sys.stderr, flush=True); time.sleep(600)"
    program = f"""
import sys
from facefair_lib.explore import server
server.server_command = lambda *_: [sys.executable, "-c", {sleeper!r}]
sys.exit(server.serve("", 0, browser=False))
"""
    command, shell = [sys.executable, "-c", program], {**os.environ, "TMPDIR": str(tmp_path)}
    with subprocess.Popen(command, env=shell, cwd=paths.REPOSITORY, stderr=subprocess.PIPE, text=True) as app:
        assert "ready\n" in app.stderr
        assert [path.name[:13] for path in tmp_path.iterdir()] == ["facefair-app-"]
        app.terminate()
    assert app.returncode != 0 and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", [server.NOTEBOOK, "05_ethnicity_emotion_experiment.ipynb"])
def test_a_notebook_is_served_with_the_profile_asked_for_and_its_other_parameters(tmp_path: Path, name: str) -> None:
    source = paths.NOTEBOOKS / name
    copy = server.write_page(source, {"profile": "fasseg"}, tmp_path / "copy.ipynb")
    changed, before = (json.loads(path.read_text())["cells"] for path in (copy, source))
    ((new, old),) = [(a["source"], b["source"]) for a, b in zip(changed, before, strict=True) if a != b]
    assert "".join(new).splitlines()[0] == "profile = 'fasseg'"
    values: list[dict[str, str]] = [{}, {}]
    for code, named in zip((new, old), values, strict=True):
        exec("".join(code), named)
    assert values[0] == {**values[1], "profile": "fasseg"}


def test_without_a_study_the_page_holds_the_explorers_that_need_none(tmp_path: Path) -> None:
    page = server.write_page(paths.NOTEBOOKS / server.NOTEBOOK, {}, tmp_path / "page.ipynb", has_study=False)
    code = "\n".join("".join(cell["source"]) for cell in json.loads(page.read_text())["cells"])
    assert "explore.counterfactual(networks)" in code and "explore.scores()" in code
    assert "(profile)" not in code and "## Pictures" not in code


@pytest.mark.parametrize(
    ("run", "asked", "study", "networks"),
    [((), "", "", "shipped"), (("smoke",), "", "smoke", "shipped"), (("quick", "smoke"), "smoke", "smoke", "smoke")],
)
def test_the_app_shows_the_packages_networks_unless_a_study_is_named(
    run: tuple[str, ...], asked: str, study: str, networks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr("facefair_lib.explore.controls._missing_fits", lambda name: [] if name in run else ["02"])
    monkeypatch.setattr(server, "server_command", lambda page, *_: shown.append(page.read_text()) or [])
    monkeypatch.setattr(server, "_run", lambda *_: 0)
    assert server.serve(asked, 0) == 0
    assert f"profile = '{study}'" in shown[0] and f"networks = '{networks}'" in shown[0]
    assert ("explore.images(profile)" in shown[0]) == bool(study)


def test_a_study_that_runs_without_a_screen_shows_a_line_in_place_of_an_explorer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path))  # holds nothing: an explorer would fail
    monkeypatch.setenv(PROGRESS_FILE, str(tmp_path / "progress"))
    for show in (explore.images, explore.training, explore.groups, explore.counterfactual):
        assert "JupyterLab" in show("quick").data
