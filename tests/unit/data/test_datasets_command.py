"""``facefair datasets`` as people type it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import published_layouts as layouts
import pytest
from typer.testing import CliRunner

from facefair_lib.__main__ import app
from facefair_lib.data.published.check import Check
from facefair_lib.data.readers.opening import READERS, open_reader
from facefair_lib.errors import InputError
from facefair_lib.study.commands.datasets import _next_step


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["datasets", *map(str, words)])
    if isinstance(result.exception, InputError):
        raise result.exception
    return result.exit_code, result.output


def test_the_list_names_every_set_with_its_terms_and_classes():
    code, text = run()
    assert code == 0
    assert [line.split(":")[0] for line in text.splitlines() if line[0] != " "][:-1] == list(READERS)
    assert "10 of 11 classes (without teeth)" in text and "CC BY 4.0" in text and "no masks" in text


def test_a_right_folder_is_described_on_one_screen_with_what_to_do_next(tmp_path):
    code, text = run("check", "lapa", layouts.lapa(tmp_path))
    assert code == 0 and len(text.splitlines()) <= 24
    assert text.startswith(f"lapa in {tmp_path}: right\n")
    for line in (
        "images    4, 4 with a mask",
        "people    4",
        "opened    4 pictures, 0 with a problem",
        "values 0 to 10",
    ):
        assert line in text
    assert "in none of the opened masks: hair" in text and f"make study PROFILE=lapa DATA={tmp_path}" in text


def test_a_wrong_folder_exits_with_1_and_says_what_to_do(tmp_path):
    root = layouts.lapa(tmp_path / "data" / "LaPa")
    code, text = run("check", "lapa", root.parent)
    assert code == 1 and "WRONG" in text and f"give {root} instead" in text


def test_at_most_three_problems_are_printed_and_the_rest_counted(tmp_path):
    root = layouts.lapa(tmp_path)
    for picture in root.rglob("images/*.jpg"):
        picture.write_bytes(b"broken")
    code, text = run("check", "lapa", root, "--all")
    assert code == 1 and text.count("an unreadable or truncated picture") == 3
    assert "and 1 more files with problems" in text


def test_a_set_without_masks_is_led_to_the_table_of_photographs(tmp_path):
    root = layouts.cfd(tmp_path)
    code, text = run("check", "cfd", root)
    assert code == 0 and "groups    " in text and "black 3" in text
    assert f"facefair datasets photos cfd '{root}' --out '{root}/photos.csv'" in text


def test_a_set_of_groups_without_emotions_is_led_to_a_table_by_group(tmp_path):
    root = layouts.fairface(tmp_path)
    _, text = run("check", "fairface", root)
    words = text.splitlines()[-1].split()
    assert words[1:4] == ["facefair", "datasets", "photos"]
    code, text = run(*words[3:])
    assert code == 0 and "groups, as labelled by the data set: black 1, east asian 1, latino hispanic 1" in text
    assert "note: No emotion is named. Notebook 05 leaves out" in text and "empty cells" not in text


def test_a_set_that_no_profile_reads_is_led_to_python_that_runs(tmp_path):
    root = layouts.ckplus(tmp_path)
    manifest = open_reader("ckplus", root).read().assign(emotion="", group="")
    step = _next_step(Check("ckplus", root, manifest), "photos.csv")
    assert "open_reader('ckplus'" in step
    exec(step)


def test_sets_that_a_profile_reads_are_led_to_the_study(tmp_path):
    layouts.picture(tmp_path / "1.jpg")
    (tmp_path / "mine.csv").write_text("image,subject,group,emotion\n1.jpg,a,asian,sad\n", encoding="utf-8")
    code, text = run("check", "photos", tmp_path, "--table", "mine.csv")
    assert code == 0 and f"make study PHOTOS={tmp_path}/mine.csv" in text


def test_photos_writes_the_table_and_names_empty_cells(tmp_path):
    root = layouts.jaffe(tmp_path / "jaffe")
    out = tmp_path / "photos.csv"
    code, text = run("photos", "jaffe", root, "--out", out)
    assert code == 0 and "3 pictures, 3 of them new, from jaffe" in text
    assert "empty cells: black sad" in text and f"next: make study PHOTOS={out}" in text
    assert set(open_reader("photos", tmp_path).read()["group"]) == {"asian"}


def test_photos_takes_groups_of_ckplus_from_a_table(tmp_path):
    root = layouts.ckplus(tmp_path)
    (root / "people.csv").write_text("subject,group\nS005,asian\nS010,black\n", encoding="utf-8")
    code, text = run("photos", "ckplus", root, "--out", root / "photos.csv", "--people", "people.csv", "--per-cell", 0)
    assert code == 0 and "1 pictures, 1 of them new" in text
    with pytest.raises(InputError, match="the option people"):
        run("photos", "jaffe", layouts.jaffe(tmp_path / "j"), "--out", tmp_path / "x.csv", "--people", "people.csv")


def test_get_refuses_what_its_owner_does_not_publish_openly(tmp_path):
    with pytest.raises(InputError, match="must be requested"):
        run("get", "rafd", "--out", tmp_path / "rafd")
    assert not (tmp_path / "rafd").exists()


def test_help_does_not_wait_for_the_readers():
    script = (
        "import sys; import facefair_lib.__main__; print([m for m in ('pandas', 'numpy', 'PIL') if m in sys.modules])"
    )
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=root)
    assert done.stdout.strip() == "[]"
