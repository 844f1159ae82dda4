"""Safe by default: nothing from the disk is run, nothing small becomes huge, errors come without a traceback."""

from __future__ import annotations

import ast
import errno
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from facefair_lib import __main__
from facefair_lib.data.readers.masked.mut1ny_layout import read_index
from facefair_lib.errors import InputError
from facefair_lib.settings.paths import NOTEBOOKS, PACKAGES, REPOSITORY
from facefair_lib.settings.profiles import load_profile
from facefair_lib.store.digests import notebook_code

SOURCES = [path for folder in (*PACKAGES, "tools") for path in sorted((REPOSITORY / folder).rglob("*.py"))]
LETTERS = "abcdefghi"


def calls() -> Iterator[tuple[str, dict[str, str]]]:
    """Every call of the packages, the tools and the notebooks: its name, and its keyword arguments as written."""
    texts = [path.read_text(encoding="utf-8") for path in SOURCES]
    texts += [notebook_code(path) for path in sorted(NOTEBOOKS.rglob("*.ipynb"))]
    for text in texts:
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call):
                yield ast.unparse(node.func), {word.arg: ast.unparse(word.value) for word in node.keywords}


def test_no_file_brings_code_with_it_and_no_name_of_a_file_reaches_a_shell() -> None:
    found = list(calls())
    assert {words.get("weights_only") for name, words in found if name in ("torch.load", "trainer.fit")} == {"True"}
    assert {words.get("allow_pickle", "False") for name, words in found if name.startswith("np.")} == {"False"}
    assert {words.get("shell", "False") for name, words in found} == {"False"}
    names = {name for name, _ in found}
    loaders = {"pickle", "joblib", "dill", "shelve", "marshal"}
    assert not {name for name in names if name.split(".")[0] in loaders or name.endswith((".read_pickle", ".unpickle"))}
    assert {name for name in names if name.startswith("yaml.")} == {"yaml.safe_load"}
    assert not names & {"os.system", "os.popen", "subprocess.getoutput", "eval", "exec"}


def test_jupyterlab_is_started_as_it_is_by_itself_on_this_machine_only_and_with_a_token(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from jupyter_server.auth.identity import IdentityProvider
    from jupyter_server.serverapp import ServerApp

    started: list[list[str]] = []
    monkeypatch.setattr("os.execve", lambda program, command, environment: started.append(command))
    monkeypatch.chdir(REPOSITORY)
    __main__.lab()
    assert [word for word in started[0] if word.startswith("--")] == ["--notebook-dir=."]
    monkeypatch.delenv("JUPYTER_TOKEN", raising=False)
    assert ServerApp.ip.default() in ("localhost", "127.0.0.1") and not ServerApp.allow_remote_access.default()
    assert len(IdentityProvider().token) >= 32


def test_a_small_file_that_means_millions_of_values_is_refused_in_few_words(tmp_path: Path) -> None:
    lists = "".join(f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n" for before, name in pairwise(LETTERS))
    (tmp_path / "smoke.yaml").write_text(f"a: &a [x, x, x]\n{lists}title: *i\n", encoding="utf-8")
    for name in ("smoke", "extending"):
        (tmp_path / "extending.yaml").write_text("extends: smoke\n", encoding="utf-8")
        with pytest.raises(InputError) as caught:
            load_profile(name, tmp_path)
        assert len(str(caught.value)) < 2000
    entities = "".join(f'<!ENTITY {n} "{f"&{b};" * 10}">' for b, n in pairwise(LETTERS))
    text = f'<!DOCTYPE d [<!ENTITY a "a">{entities}]><d><srcimg name="&i;"/><labelimg name="b"/></d>'
    (tmp_path / "training.xml").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="amplification"):
        read_index(tmp_path / "training.xml")


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            "a file of the study\n  found:    No space left",
        ),
        (PermissionError(errno.EACCES, "Permission denied", "a\nb"), "facefair: a\\nb\n  found:    Permission denied"),
        (OSError("strange"), "found:    strange"),
    ],
)
def test_what_the_disk_says_is_said_without_a_traceback(
    monkeypatch: pytest.MonkeyPatch, error: OSError, words: str
) -> None:
    def fails() -> None:
        raise error

    monkeypatch.setattr(__main__, "app", fails)
    with pytest.raises(SystemExit) as caught:
        __main__.main()
    assert words in str(caught.value)
