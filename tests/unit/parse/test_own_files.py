"""Names of the files that are written, and whose files are written over."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from drawn_heads import coloured, scene
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from facefair_lib.errors import InputError
from facefair_lib.parse.files import AREA_COLUMNS, Wanted, _output_names, parse_files
from facefair_lib.parse.parser import Parser
from facefair_lib.parse.photos import search_photos


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "album" / "a.png"
    path.parent.mkdir()
    Image.fromarray(coloured(scene((32, 40)))).save(path)
    return path


def copies(photo: Path, *names: str | bytes) -> list[Path]:
    paths = [photo.parent / os.fsdecode(name) for name in names]
    for path in paths:
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(photo.read_bytes())
    return paths


def written(out: Path) -> set[str]:
    return {path.name.removesuffix("_mask.png") for path in out.glob("*_mask.png")}


@pytest.mark.parametrize(
    ("name", "in_table"),
    [
        (b"caf\xe9.png", "caf\\xe9.png"),
        ("two\nlines\x1b[31m.png", "two\\nlines\\x1b[31m.png"),
        ("x" * 251 + ".png", "x" * 251 + ".png"),
        ("é" * 125 + ".png", "é" * 125 + ".png"),
    ],
)
def test_a_photograph_of_any_name_is_parsed(
    photo: Path, parser: Parser, tmp_path: Path, name: str | bytes, in_table: str
) -> None:
    result = parse_files([*copies(photo, name), photo], parser, tmp_path / "out", Wanted(faces="one"))
    assert not result.failures
    assert len(written(tmp_path / "out")) == 2
    table = pd.read_csv(tmp_path / "out" / "areas.csv")
    assert {Path(text).name for text in table["photo"]} == {in_table, "a.png"}


def test_names_that_some_file_system_takes_for_one_get_files_of_their_own(
    photo: Path, parser: Parser, tmp_path: Path
) -> None:
    names = ("A.png", "Jos\u00e9.png", "Jose\u0301.png", b"caf\xe9.png", "caf\\xe9.png", "x" * 250 + "1.png", "x" * 251)
    photos = [photo, *copies(photo, *names)]
    parse_files(photos, parser, tmp_path / "out", Wanted(faces="one"))
    assert len({name.casefold() for name in written(tmp_path / "out")}) == len(photos)


def test_names_stay_in_the_folder_and_are_found_without_comparing_all_with_all() -> None:
    photos = [Path(f"/{number}/x/y/photo.jpg") for number in range(5000)] + [Path("/A.jpg"), Path("/a.jpg")]
    names = _output_names(photos)
    assert len({name.casefold() for name in names}) == len(photos)
    assert not any("/" in name for name in names)


def test_a_file_that_was_not_written_here_is_never_written_over(photo: Path, parser: Parser, tmp_path: Path) -> None:
    other, *_ = copies(photo, "b.png")
    mine = photo.with_name("a_mask.png")
    mine.write_bytes(b"my own mask")
    photo.with_name("b_overlay.png").symlink_to("nowhere")
    result = parse_files([photo, other], parser, photo.parent, Wanted(faces="one"))
    assert [failure.subject for failure in result.failures] == [photo, other]
    assert "a_mask.png, which facefair has not written" in str(result.failures[0])
    assert mine.read_bytes() == b"my own mask"
    assert not photo.with_name("a_overlay.png").exists()


def test_results_of_an_earlier_run_are_written_over(photo: Path, parser: Parser, tmp_path: Path) -> None:
    for palette in ("display", "safe"):
        result = parse_files([photo], parser, tmp_path / "out", Wanted(faces="one", palette=palette))
        assert not result.failures and not result.unwritten


def test_a_mask_that_was_corrected_by_hand_is_its_owners(photo: Path, parser: Parser, tmp_path: Path) -> None:
    parse_files([photo], parser, tmp_path, Wanted(faces="one"))
    mask = Image.open(tmp_path / "a_mask.png")
    notes = PngInfo()
    for keyword, text in mask.text.items():  # ImageMagick keeps them too
        notes.add_text(keyword, text)
    mask.putpixel((0, 0), 9)
    mask.save(tmp_path / "a_mask.png", pnginfo=notes)
    assert len(parse_files([photo], parser, tmp_path, Wanted(faces="one")).failures) == 1
    assert Image.open(tmp_path / "a_mask.png").getpixel((0, 0)) == 9


@pytest.mark.parametrize("name", ["areas.csv", "heads.csv", "legend.png", "legend.pdf"])
def test_a_table_or_legend_of_ones_own_is_an_error_before_anything_is_parsed(
    photo: Path, parser: Parser, tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_text("photo,my,own\n")
    with pytest.raises(InputError, match=f"{name}, which facefair has not written"):
        parse_files([photo], parser, tmp_path, Wanted(faces="one"))
    assert not list(tmp_path.glob("a_*"))


def test_results_may_lie_among_the_photographs(photo: Path, parser: Parser) -> None:
    folder = photo.parent
    for _ in range(2):
        photos = search_photos([folder], results=folder).photos
        assert photos == [photo]
        assert not parse_files(photos, parser, folder, Wanted(faces="one")).failures
    assert search_photos([f"{folder}/*.png"], results=folder).photos == [photo]
    assert search_photos([folder]).photos == [photo]  # masks are no photographs, wherever the results of this run go


def test_a_pattern_that_finds_only_results_folders_is_explained(photo: Path) -> None:
    with pytest.raises(InputError, match=r"in the folder of results(.*\n)+.*name that folder without a pattern"):
        search_photos([f"{photo.parents[1]}/alb*/*.png"], results=photo.parent)


def test_whatever_happens_to_one_photograph_the_others_and_the_tables_are_kept(
    photo: Path, parser: Parser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    photos = [*copies(photo, "full.png", "large.png", "odd.png"), photo]
    errors = {"full": OSError(28, "No space left on device"), "large": MemoryError(), "odd": RuntimeError("CUDA\nx")}
    save = Image.Image.save

    def fail(self: Image.Image, path: Path, **options: object) -> None:
        for name, error in errors.items():
            if f"{name}_" in str(path):
                raise error
        save(self, path, **options)

    monkeypatch.setattr(Image.Image, "save", fail)
    result = parse_files(photos, parser, tmp_path / "out", Wanted(faces="one"))
    assert [failure.found for failure in result.failures] == [
        "No space left on device", "not enough memory", "RuntimeError: CUDA",
    ]  # fmt: skip
    assert pd.read_csv(tmp_path / "out" / "areas.csv")["photo"].unique().tolist() == [str(photo)]


def test_tables_are_written_when_the_work_is_interrupted(photo: Path, parser: Parser, tmp_path: Path) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        parse_files([photo, *copies(photo, "b.png")], parser, tmp_path / "out", Wanted(faces="one"), advance=interrupt)
    areas = pd.read_csv(tmp_path / "out" / "areas.csv")
    assert areas["photo"].unique().tolist() == [str(photo)]
    assert tuple(areas.columns) == AREA_COLUMNS


def test_a_table_that_cannot_be_written_does_not_lose_the_other(
    photo: Path, parser: Parser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = pd.DataFrame.to_csv

    def fail(self: pd.DataFrame, path: Path, **options: object) -> None:
        if "areas" in Path(path).name:
            raise OSError(28, "No space left on device")
        write(self, path, **options)

    monkeypatch.setattr(pd.DataFrame, "to_csv", fail)
    result = parse_files([photo], parser, tmp_path / "out", Wanted(faces="one"))
    assert [error.found for error in result.unwritten] == ["not written: No space left on device"]
    assert (tmp_path / "out" / "heads.csv").exists()
    assert len(result.areas) == 11


def test_strips_of_rows_give_what_the_whole_photograph_gives(
    photo: Path, parser: Parser, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = coloured(scene((200, 300), (30, 20, 90), (60, 190, 110)))
    whole = parser.parse(image)
    monkeypatch.setattr("facefair_lib.parse.parser._STRIP", 7)
    strips = parser.parse(image)
    np.testing.assert_array_equal(strips.mask, whole.mask)
    np.testing.assert_array_equal(strips.confidence, whole.confidence)
    pd.testing.assert_frame_equal(strips.areas(), whole.areas())
