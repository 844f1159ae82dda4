"""The report's text: every macro defined, no number typed, every float cited."""

import re

import pytest

from facefair_lib import paths
from facefair_lib.report import OPTIONAL_FIGURES, REQUIRED_FIGURES, assemble
from facefair_lib.tables import TABLES

SECTIONS = sorted((paths.REPORT / "sections").glob("*.tex"))
FLOATS = sorted((paths.REPORT / "floats").glob("*.tex"))
# What LaTeX and its packages give to the text.
LATEX = set(
    """
    begin end section subsection caption label ref cite emph item input centering iftoggle frac mathit mathrm quad ge
    scriptsize par bigskip hfill columnwidth
    """.split()  # noqa: SIM905 - a list of this length would fill twenty lines
)
# Arguments that name things rather than say things.
NAMES = re.compile(
    r"\\(?:label|ref|cite|input|plate(?:\[[^]]*\])?|tablebody(?:\[[^]]*\])?|iftoggle|begin|end|section|subsection)\{[^}]*\}"
)
MATHS = re.compile(r"\\begin\{equation\*\}.*?\\end\{equation\*\}|\$[^$]*\$", re.DOTALL)
FOREIGN_NAMES = re.compile(r"Mut1ny")


def text_of(path) -> str:
    return re.sub(r"(?<!\\)%.*", "", path.read_text(encoding="utf-8"))


def defined(numbers: str) -> set[str]:
    own = (paths.REPORT / "report.tex").read_text(encoding="utf-8") + numbers
    return set(re.findall(r"\\newcommand\{\\([A-Za-z]+)\}", own)) | {"extra"}


@pytest.mark.parametrize("path", SECTIONS + FLOATS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_section_uses_a_macro_that_nothing_defines(path, numbers):
    conditional = {"TransferVerdict"}  # defined where there is a transfer table, behind its toggle
    used = set(re.findall(r"\\([A-Za-z]+)", text_of(path)))
    assert used - LATEX - defined(numbers) - conditional == set()


@pytest.mark.parametrize("path", SECTIONS + FLOATS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_no_section_holds_a_typed_number(path):
    # Formulas may hold their constants (2 TP); a decimal in a formula would be a result.
    text = text_of(path)
    assert not re.search(r"\d\.\d", NAMES.sub("", text))
    prose = FOREIGN_NAMES.sub("", NAMES.sub("", MATHS.sub("", text)))
    assert re.findall(r"\S*\d\S*", prose) == []


def test_the_test_for_typed_numbers_sees_them(tmp_path):
    path = tmp_path / "bad.tex"
    path.write_text(r"PSPNet reaches 48.2\,\% % 99" + "\n")
    with pytest.raises(AssertionError):
        test_no_section_holds_a_typed_number(path)


def test_every_toggle_that_a_section_asks_is_set(study, evidence, settings):
    assemble(evidence, settings, study / "report")
    written = "".join((study / "report" / name).read_text() for name in ("numbers.tex", "contents.tex"))
    asked = {name for path in SECTIONS + FLOATS for name in re.findall(r"\\iftoggle\{(\w+)\}", text_of(path))}
    assert asked - set(re.findall(r"\\newtoggle\{(\w+)\}", written)) == set()


def test_every_float_is_cited_in_the_text_and_every_citation_leads_somewhere():
    floats, text = "".join(map(text_of, FLOATS)), "".join(map(text_of, SECTIONS))
    labels = re.findall(r"\\label\{((?:fig|tab):\w+)\}", floats)
    assert len(labels) == len(set(labels))
    cited = set(re.findall(r"\\ref\{((?:fig|tab):\w+)\}", text + floats))
    assert set(labels) == cited


def test_the_report_shows_every_table_and_figure_there_is():
    text = "".join(map(text_of, FLOATS))
    assert set(re.findall(r"\\tablebody(?:\[[^]]*\])?\{(\w+)\}", text)) == set(TABLES)
    assert set(re.findall(r"\\plate(?:\[[^]]*\])?\{(\w+)\}", text)) == {*REQUIRED_FIGURES, *OPTIONAL_FIGURES}


def test_every_section_and_float_file_is_part_of_the_report():
    main = (paths.REPORT / "report.tex").read_text(encoding="utf-8")
    inputs = set(re.findall(r"\\input\{((?:sections|floats)/\w+)\}", main))
    assert inputs == {f"{path.parent.name}/{path.stem}" for path in SECTIONS + FLOATS}


def test_every_citation_has_an_entry_and_every_entry_is_cited():
    bibliography = (paths.REPORT / "refs.bib").read_text(encoding="utf-8")
    entries = set(re.findall(r"^@\w+\{(\w+),", bibliography, re.MULTILINE))
    cited = {
        key
        for path in SECTIONS
        for group in re.findall(r"\\cite\{([^}]*)\}", text_of(path))
        for key in group.split(",")
    }
    assert entries == cited


def test_the_figures_carry_the_course_papers_numbers_and_the_answer_follows():
    main = (paths.REPORT / "report.tex").read_text(encoding="utf-8")
    order = [paths.REPORT / f"{name}.tex" for name in re.findall(r"\\input\{(floats/\w+)\}", main)]
    plates = re.findall(r"\\plate(?:\[[^]]*\])?\{(\w+)\}", "".join(map(text_of, order)))
    numbered = [stem for stem in plates if stem.startswith("fig")]
    assert [int(re.match(r"fig(\d+)", stem)[1]) for stem in numbered] == list(range(1, 13))
    assert [stem for stem in plates if stem.startswith("table")] == sorted(s for s in plates if s.startswith("table"))
