from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tiny_datasets import manifest_of, rows_of

from facefair_lib.data.manifest import COLUMNS, check_manifest, load_manifest, make_manifest, save_manifest
from facefair_lib.errors import InputError


def test_manifest_has_every_column_in_order_and_absent_values_as_nan_or_empty():
    frame = manifest_of({"b": 1, "a": 2})
    assert tuple(frame.columns) == COLUMNS
    assert frame["image_id"].tolist() == ["a/000", "a/001", "b/000"]
    assert frame["age"].dtype == np.float64 and frame["age"].isna().all()
    assert (frame["label_path"] == "").all() and (frame["group"] == "").all()


def test_numbers_given_as_text_become_numbers():
    frame = make_manifest([rows_of({"a": 1})[0] | {"age": "31.5", "yaw": "", "skin_tone": None}])
    assert frame["age"].tolist() == [31.5]
    assert frame[["yaw", "skin_tone"]].isna().all(axis=None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"category": "dog"}, "category 'dog'"),
        ({"image_path": "/abs/x.png"}, "relative to the data set's folder"),
        ({"label_path": "../x.png"}, "relative to the data set's folder"),
        ({"image_path": "C:/x.png"}, "relative to the data set's folder"),
        ({"subject_id": ""}, "empty subject_id"),
        ({"age": "old"}, "age 'old'"),
    ],
)
def test_bad_values_are_refused_by_name(change: dict[str, str], message: str):
    with pytest.raises(InputError, match=message):
        make_manifest([rows_of({"a": 1})[0] | change])


def test_repeated_image_ids_are_refused():
    rows = rows_of({"a": 2})
    with pytest.raises(InputError, match="1 repeated image_id, first 'a/000'"):
        make_manifest([*rows, rows[0]])


def test_a_missing_column_is_named_with_the_file():
    with pytest.raises(InputError, match=r"prepared\.csv[\s\S]*no column light"):
        check_manifest(manifest_of({"a": 1}).drop(columns="light"), "prepared.csv")


def test_an_empty_manifest_is_refused():
    with pytest.raises(InputError, match="no images"):
        make_manifest([])


def test_manifest_survives_a_round_trip_and_records_the_root(tmp_path):
    frame = manifest_of({"a": 2})
    path = save_manifest(frame, tmp_path / "deep" / "manifest.parquet", tmp_path / "data")
    loaded = load_manifest(path)
    pd.testing.assert_frame_equal(loaded, frame)
    assert loaded.attrs["root"] == (tmp_path / "data").as_posix()
    assert load_manifest(path, tmp_path / "moved").attrs["root"] == (tmp_path / "moved").as_posix()
    assert [entry.name for entry in path.parent.iterdir()] == ["manifest.parquet"]


def test_loading_names_a_missing_and_a_broken_file(tmp_path):
    with pytest.raises(InputError, match="no such file"):
        load_manifest(tmp_path / "none.parquet")
    (tmp_path / "bad.parquet").write_bytes(b"not parquet at all")
    with pytest.raises(InputError, match="unreadable"):
        load_manifest(tmp_path / "bad.parquet")


def test_text_that_is_no_utf_8_is_refused_though_pandas_would_read_it(tmp_path):
    path = save_manifest(
        make_manifest([rows_of({"a": 1})[0] | {"image_path": "zebra.png"}]), tmp_path / "m.parquet", tmp_path
    )
    content = path.read_bytes()
    assert b"zebra" in content
    path.write_bytes(content.replace(b"zebra", b"\xffebra"))
    with pytest.raises(InputError, match=r"m\.parquet\n(.|\n)*run the data preparation again"):
        load_manifest(path)
