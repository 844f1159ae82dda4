"""Badges that open the notebooks in Binder and in Google Colab, for a repository with a public address on GitHub::

    make badges REPO=owner/name [BRANCH=main]

The address is written to pyproject.toml and nowhere else; the site's pages take it from there. The README's badges are
between two marks. Colab opens one notebook without what it imports, so ``notebooks/colab/`` gets a copy of each lesson
whose first cell fetches the library; Binder opens the notebooks themselves.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from facefair_lib.errors import InputError
from facefair_lib.store.results import write_text
from facefair_lib.store.screen import use_plain_characters

ROOT = Path(__file__).resolve().parents[1]
COLAB = "notebooks/colab"
BEGIN, END = "<!-- badges: written by make badges -->", "<!-- end of badges -->"
URL_NAME = "Source"
_ADDRESS = re.compile(r"https://github\.com/([\w.-]+)/([\w.-]+)/tree/([\w./-]+)")
_BINDER_PICTURE = "https://mybinder.org/badge_logo.svg"
_COLAB_PICTURE = "https://colab.research.google.com/assets/colab-badge.svg"


@dataclass(frozen=True)
class Repository:
    """A public repository on GitHub and the branch whose notebooks are opened."""

    owner: str
    name: str
    branch: str

    @classmethod
    def parse(cls, text: str, branch: str) -> Repository:
        """Read ``owner/name``.

        Raises
        ------
        InputError
            if it is something else
        """
        if not re.fullmatch(r"[\w.-]+/[\w.-]+", text):
            raise InputError(
                "REPO", found=repr(text), expected="owner/name on GitHub", do="make badges REPO=owner/name"
            )
        return cls(*text.split("/"), branch)

    @property
    def address(self) -> str:
        """The branch's address, as in pyproject.toml."""
        return f"https://github.com/{self.owner}/{self.name}/tree/{self.branch}"

    def binder(self, path: str) -> str:
        """A badge that opens a notebook of the repository in Binder's JupyterLab."""
        link = f"https://mybinder.org/v2/gh/{self.owner}/{self.name}/{self.branch}?labpath={path.replace('/', '%2F')}"
        return f"[![Open in Binder]({_BINDER_PICTURE})]({link})"

    def colab(self, path: str) -> str:
        """A badge that opens a notebook of the repository in Colab."""
        link = f"https://colab.research.google.com/github/{self.owner}/{self.name}/blob/{self.branch}/{path}"
        return f"[![Open in Colab]({_COLAB_PICTURE})]({link})"

    def badges(self, path: str) -> str:
        """The badges of one notebook: Binder's, and for lessons also Colab's."""
        if not path.startswith("notebooks/course/"):
            return self.binder(path)
        return f"{self.binder(path)} {self.colab(f'{COLAB}/{Path(path).name}')}"


def recorded(root: Path = ROOT) -> Repository | None:
    """The repository named in pyproject.toml, if one is."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    found = _ADDRESS.fullmatch(project.get("urls", {}).get(URL_NAME, ""))
    return Repository(*found.groups()) if found else None


def record(repository: Repository, root: Path = ROOT) -> None:
    """Write the address into pyproject.toml, replacing any that is there."""
    path = root / "pyproject.toml"
    text = re.sub(r"\[project\.urls\]\n(?:\w+ = .*\n)+\n", "", path.read_text(encoding="utf-8"))
    table = f'[project.urls]\n{URL_NAME} = "{repository.address}"\n\n'
    write_text(path, text.replace("[project.scripts]", f"{table}[project.scripts]", 1))


def write_readme(repository: Repository, root: Path = ROOT) -> None:
    """Put the badges of the first lesson, of notebook 05 and of the explorers between the README's marks."""
    path = root / "README.md"
    before, rest = path.read_text(encoding="utf-8").split(BEGIN)
    places = {
        "The first lesson": "notebooks/course/01_what_a_mask_is.ipynb",
        "The experiment": "notebooks/05_ethnicity_emotion_experiment.ipynb",
        "The explorers": "notebooks/explore.ipynb",
    }
    lines = [f"{title}: {repository.badges(place)}" for title, place in places.items()]
    write_text(path, before + BEGIN + "\n\n" + " ·\n".join(lines) + "\n\n" + END + rest.split(END)[1])


def write_colab(repository: Repository, root: Path = ROOT) -> list[Path]:
    """Write a copy of each lesson that begins by fetching the library, and remove copies of lessons that are gone."""
    folder = root / COLAB
    shutil.rmtree(folder, ignore_errors=True)
    written = []
    for lesson in sorted((root / "notebooks" / "course").glob("[0-9][0-9]_*.ipynb")):
        notebook = json.loads(lesson.read_text(encoding="utf-8"))
        notebook["cells"].insert(1, first_cell(repository))
        text = json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
        written.append(write_text(folder / lesson.name, text))
    return written


def first_cell(repository: Repository) -> dict[str, Any]:
    """The cell that fetches the library and the packages that Colab does not have."""
    lines = [
        "# Google Colab opens this notebook alone: fetch the library, and what Colab does not have.",
        f"!git clone --quiet --depth 1 --branch {repository.branch} "
        f"https://github.com/{repository.owner}/{repository.name}.git facefair",
        "%pip install --quiet --requirement facefair/.binder/colab.txt",
        "import sys",
        "",
        'sys.path.insert(0, "facefair")',
    ]
    source = [f"{line}\n" for line in lines[:-1]] + lines[-1:]
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": "cell-colab",
        "metadata": {},
        "outputs": [],
        "source": source,
    }


def main() -> None:
    """Write the address, the README's badges and the copies for Colab."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repository", help="owner/name on GitHub")
    parser.add_argument("--branch", default="main", help="branch whose notebooks are opened")
    options = parser.parse_args()
    use_plain_characters()
    try:
        repository = Repository.parse(options.repository, options.branch)
    except InputError as error:
        sys.exit(f"facefair: {error}")
    record(repository)
    write_readme(repository)
    copies = write_colab(repository)
    print(f"▸ pyproject.toml, README.md and {len(copies)} lessons in {COLAB}: commit and push them; then `make docs`")


if __name__ == "__main__":
    main()
