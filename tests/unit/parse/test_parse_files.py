"""Many photographs in, files out; the command and the one-line call."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from drawn_heads import coloured, scene
from PIL import ExifTags, Image
from typer.testing import CliRunner

from facefair_lib.__main__ import app
from facefair_lib.errors import InputError
from facefair_lib.models.build import model_from_settings
from facefair_lib.parse import parse
from facefair_lib.parse.files import Wanted, parse_files, usual_processes
from facefair_lib.parse.parser import SMALLEST_FACE, Parser
from facefair_lib.parse.trained import trained_parser
from facefair_lib.settings.labels import CLASS_NAMES, PALETTES
from facefair_lib.settings.profiles import load_profile
from facefair_lib.settings.shipped import SHIPPED
from facefair_lib.study.commands import export as commands_export
from facefair_lib.study.commands import parse as commands_parse


@pytest.fixture
def album(tmp_path: Path) -> list[Path]:
    """Two photographs that can be parsed, with a broken one between them."""
    paths = [tmp_path / "album" / name for name in ("two.png", "broken.jpg", "none.png")]
    paths[0].parent.mkdir()
    Image.fromarray(coloured(scene((200, 300), (30, 20, 90), (60, 190, 110)))).save(paths[0])
    paths[1].write_text("not a picture")
    Image.fromarray(coloured(scene((60, 50)))).save(paths[2])
    return paths


def test_a_bad_photograph_does_not_lose_the_others(album: list[Path], parser: Parser, tmp_path: Path) -> None:
    done: list[int] = []
    result = parse_files(album, parser, tmp_path / "out", advance=lambda: done.append(1))
    assert [failure.subject for failure in result.failures] == [album[1]]
    assert result.without_head == (album[2],)
    assert len(done) == 3
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "areas.csv", "heads.csv", "legend.pdf", "legend.png",
        "none_mask.png", "none_overlay.png", "two_mask.png", "two_overlay.png",
    ]  # fmt: skip


def test_nothing_written_tells_where_a_photograph_was_taken(parser: Parser, tmp_path: Path) -> None:
    photo, out = tmp_path / "here.jpg", tmp_path / "out"
    exif = Image.Exif()
    exif[ExifTags.Base.Make] = "A camera"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitudeRef] = "N"
    Image.fromarray(coloured(scene((60, 50)))).save(photo, exif=exif)
    with Image.open(photo) as picture:
        assert picture.getexif().get_ifd(ExifTags.IFD.GPSInfo)
    parse_files([photo], parser, out)
    written = list(out.glob("here_*.png"))
    assert len(written) == 2
    for path in written:
        with Image.open(path) as picture:
            assert set(picture.info) <= {"Software", "facefair parse"} and not picture.getexif()


def test_several_processes_write_what_one_writes(album: list[Path], parser: Parser, tmp_path: Path) -> None:
    one, two = (tmp_path / name for name in ("one", "two"))
    results = [parse_files(album, parser, out, processes=count) for out, count in ((one, 1), (two, 2))]
    assert results[0].without_head == results[1].without_head
    assert [str(failure) for failure in results[0].failures] == [str(failure) for failure in results[1].failures]
    for path in one.iterdir():
        assert path.read_bytes() == (two / path.name).read_bytes(), path.name


def test_few_photographs_are_parsed_by_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("facefair_lib.parse.files.available_cores", lambda: 4)
    monkeypatch.setattr("torch.cuda.is_available", lambda: False)
    assert [usual_processes(photos) for photos in (1, 9, 100)] == [1, 1, 4]


def test_the_files_hold_what_was_parsed(album: list[Path], parser: Parser, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = parse_files([album[0]], parser, out)
    parsed = parser.parse(np.asarray(Image.open(album[0])))
    mask = Image.open(out / "two_mask.png")
    np.testing.assert_array_equal(np.asarray(mask), parsed.mask)
    np.testing.assert_array_equal(np.asarray(mask.convert("RGB")), PALETTES["display"][parsed.mask])
    np.testing.assert_array_equal(np.asarray(Image.open(out / "two_overlay.png")), parsed.overlay())
    areas = pd.read_csv(out / "areas.csv")
    assert areas["class"].tolist() == list(CLASS_NAMES)
    assert areas["photo"].unique().tolist() == [str(album[0])]
    assert areas["pixels"].tolist() == np.bincount(parsed.mask.ravel(), minlength=11).tolist()
    heads = pd.read_csv(out / "heads.csv")
    assert heads["head"].tolist() == [1, 2]
    assert heads["left"].tolist() == [round(head.face.left) for head in parsed.heads]
    assert len(result.heads) == 2


def test_photographs_of_one_name_do_not_overwrite_each_other(parser: Parser, tmp_path: Path) -> None:
    names = ("x/a.png", "y/a.png", "x/a.bmp", "z/b.png")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.fromarray(coloured(scene((32, 32)))).save(tmp_path / name)
    parse_files([tmp_path / name for name in names], parser, tmp_path / "out", Wanted(faces="one"))
    masks = {path.name for path in (tmp_path / "out").glob("*_mask.png")}
    assert masks == {"x_a.png_mask.png", "y_a.png_mask.png", "a.bmp_mask.png", "b_mask.png"}


def test_nothing_is_written_where_nothing_could_be_parsed(parser: Parser, tmp_path: Path) -> None:
    result = parse_files([tmp_path / "absent.jpg"], parser, tmp_path / "out")
    assert len(result.failures) == 1
    assert result.areas.empty
    assert not (tmp_path / "out").exists()


def test_options_are_checked_before_any_work(album: list[Path], parser: Parser, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="one of paper, vendor, display"):
        parse_files(album, parser, tmp_path / "out", Wanted(palette="rainbow"))
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "deeper"):
        with pytest.raises(InputError, match="a folder to write into"):
            parse_files(album, parser, out)
    with pytest.raises(InputError, match="one of many, one"):
        parse_files(album, parser, tmp_path / "out", Wanted(faces="some"))


@pytest.fixture
def trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Results of a smoke study with a network that has not learnt anything yet."""
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path / "results"))
    folder = tmp_path / "results" / "smoke" / "03_train_pspnet"
    folder.mkdir(parents=True)
    torch.manual_seed(0)
    network = model_from_settings("pspnet", load_profile("smoke").models.pspnet)
    torch.save(network.state_dict(), folder / "best.pt")
    return folder / "best.pt"


def test_one_line_parses_a_photograph_with_the_studys_network(album: list[Path], trained: Path) -> None:
    parsed = parse(album[2], profile="smoke", faces="one")
    again = parse(album[2], profile="smoke", faces="one", weights=trained)
    assert parsed.mask.shape == (60, 50)
    np.testing.assert_array_equal(parsed.mask, again.mask)


def test_without_trained_weights_the_way_to_them_is_named(
    album: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path / "nothing"))
    with pytest.raises(InputError, match=r"trained weights of pspnet\n(.*\n)+.*make study once.*--weights"):
        parse(album[2], profile="quick")
    with pytest.raises(InputError, match="make study PROFILE=smoke"):
        trained_parser("deeplabv3", "smoke")
    with pytest.raises(InputError, match="no such network in the profile quick"):
        trained_parser("alexnet", "quick")


def test_weights_of_another_network_are_refused(trained: Path) -> None:
    with pytest.raises(InputError, match="expected: the weights of deeplabv3"):
        trained_parser("deeplabv3", "smoke", trained)


def run(*words: object) -> tuple[int, str]:
    result = CliRunner().invoke(app, [str(word) for word in words])
    if isinstance(result.exception, Exception) and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, re.sub(r"\s+", " ", result.output)


def test_the_command_reports_what_failed_at_the_end(album: list[Path], trained: Path, tmp_path: Path) -> None:
    words = ("parse", album[0].parent, "--out", tmp_path / "out", "--profile", "smoke", "--faces", "one")
    status, output = run(*words)
    assert status == 1
    assert "2 of 3 photographs parsed" in output
    assert f"weights: pspnet of {trained}, profile smoke: the whole study" in output
    assert "broken.jpg found: an unreadable or truncated picture" in output
    album[1].unlink()
    assert run(*words)[0] == 0


def test_the_command_says_in_which_photograph_no_head_was_found(
    album: list[Path], parser: Parser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facefair_lib.parse.trained.trained_parser", lambda *_: parser)
    status, output = run("parse", album[0], album[2], "--out", tmp_path / "out")
    assert status == 0
    assert "none.png: no head was found, nothing is labelled" in output
    assert "2 of 2 photographs parsed, 2 heads" in output


def test_the_command_names_what_it_leaves_out(
    album: list[Path], parser: Parser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("facefair_lib.parse.trained.trained_parser", lambda *_: parser)
    for name in ("1.HEIC", "2.HEIC"):
        album[0].with_name(name).write_bytes(b"x")
    album[1].unlink()
    status, output = run("parse", album[0].parent, "--out", tmp_path / "out")
    assert status == 0
    assert "facefair: 2 HEIC left out: export as JPEG" in output
    assert "2 of 2 photographs parsed, 2 heads; 2 HEIC left out: export as JPEG" in output


def test_the_commands_and_the_library_have_the_same_defaults() -> None:
    command = inspect.signature(commands_parse.parse).parameters
    assert command["smallest"].default == SMALLEST_FACE
    for function in (commands_parse.parse, commands_export.export, parse):
        known = inspect.signature(function).parameters
        assert (known["profile"].default, known["model"].default) == (SHIPPED, "")
