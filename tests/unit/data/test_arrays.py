from __future__ import annotations

import numpy as np
import pytest
from tiny_datasets import CORE, photograph, save, stripes

from facefair_lib.data.arrays import open_arrays, pack
from facefair_lib.data.audit import class_shares, colour_table, flow_table, ignored_share
from facefair_lib.data.images import resize_image, resize_mask
from facefair_lib.data.prepare import prepare
from facefair_lib.data.readers import open_reader
from facefair_lib.data.split import split_by_subject
from facefair_lib.errors import InputError
from facefair_lib.labels import NUM_CLASSES


def test_packed_rows_follow_the_manifest_and_hold_the_resized_pair(mut1ny, tmp_path):
    reader = open_reader("mut1ny", mut1ny)
    packed = pack(reader.read().sample(frac=1, random_state=3), reader, tmp_path / "out", 16)
    assert packed.prepared["row"].tolist() == list(range(9))
    assert packed.prepared["image_id"].is_monotonic_increasing
    assert packed.images.shape == (9, 16, 16, 3) and packed.labels.dtype == np.uint8
    for row in packed.prepared.to_dict("records"):
        image, mask = reader.pair(row)
        np.testing.assert_array_equal(packed.images[row["row"]], resize_image(image, (16, 16)))
        np.testing.assert_array_equal(packed.labels[row["row"]], resize_mask(mask, (16, 16)))


def test_packing_twice_with_other_thread_counts_gives_the_same_bytes(mut1ny, tmp_path):
    reader = open_reader("mut1ny", mut1ny)
    manifest = reader.read()
    for workers in (1, 4):
        pack(manifest, reader, tmp_path / str(workers), 16, workers=workers)
    for name in ("images.npy", "labels.npy"):
        assert (tmp_path / "1" / name).read_bytes() == (tmp_path / "4" / name).read_bytes()


def test_a_failure_names_the_file_and_leaves_the_earlier_arrays_alone(mut1ny, tmp_path):
    reader = open_reader("mut1ny", mut1ny)
    manifest = reader.read()
    pack(manifest, reader, tmp_path / "out", 16)
    before = (tmp_path / "out" / "images.npy").read_bytes()
    broken = mut1ny / manifest["image_path"].iloc[-1]
    broken.write_bytes(broken.read_bytes()[:60])
    with pytest.raises(InputError, match=broken.name):
        pack(manifest, reader, tmp_path / "out", 16)
    assert (tmp_path / "out" / "images.npy").read_bytes() == before
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["images.npy", "labels.npy"]


def test_a_class_missing_from_train_is_refused_by_name_unless_allowed(tmp_path, add_pair):
    for number in range(4):
        classes = (*CORE, "teeth") if number == 3 else CORE
        add_pair(tmp_path, f"real_x/{number}.png", f"real/{number}.png", number, classes=classes)
    reader = open_reader("mut1ny", tmp_path)
    manifest = reader.read().assign(split=["train", "train", "validation", "test"])
    with pytest.raises(InputError, match=r"the train split[\s\S]*no pixel of teeth on 2 images[\s\S]*expected_classes"):
        pack(manifest, reader, tmp_path / "out", 24)
    assert not (tmp_path / "out" / "images.npy").exists()
    assert len(pack(manifest, reader, tmp_path / "out", 24, expected_classes=CORE).images) == 4
    with pytest.raises(InputError, match="names among background"):
        pack(manifest, reader, tmp_path / "out", 24, expected_classes=["tooth"])


def test_missing_damaged_and_unequal_arrays_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"images\.npy[\s\S]*no such file"):
        open_arrays(tmp_path)
    np.save(tmp_path / "images.npy", np.zeros((2, 8, 8, 3), np.uint8))
    np.save(tmp_path / "labels.npy", np.zeros((3, 8, 8), np.uint8))
    with pytest.raises(InputError, match=r"images \(2, 8, 8, 3\) uint8 and labels \(3, 8, 8\)"):
        open_arrays(tmp_path)
    (tmp_path / "labels.npy").write_bytes(b"\x93NUMPY")
    with pytest.raises(InputError, match=r"labels\.npy[\s\S]*unreadable"):
        open_arrays(tmp_path)


def test_class_shares_are_counted_by_hand(mut1ny):
    manifest = open_reader("mut1ny", mut1ny).read().head(3).assign(split=["train", "train", "test"], row=[0, 1, 2])
    labels = np.full((3, 2, 2), 255, np.uint8)
    labels[0] = [[0, 0], [4, 255]]
    labels[1] = [[0, 5], [5, 5]]
    shares = class_shares(manifest, labels).set_index(["split", "class"])
    assert len(shares) == 3 * NUM_CLASSES
    assert shares.loc[("train", "background"), ["pixels", "images"]].tolist() == [3, 2]
    assert shares.loc[("train", "hair"), "share"] == pytest.approx(3 / 7)
    assert shares.loc[("train", "face"), ["pixels", "images"]].tolist() == [1, 1]
    assert np.isnan(shares.loc[("test", "face"), "share"]), "a split of ignored pixels only has no shares"
    assert ignored_share(labels) == pytest.approx(5 / 12)


def test_flow_counts_images_people_and_losses(mut1ny):
    manifest = open_reader("mut1ny", mut1ny).read()
    fewer = manifest[manifest["category"] != "real"]
    divided = split_by_subject(fewer)
    table = flow_table([("read", manifest, "all"), ("subsample", fewer, "no real")], divided)
    assert table["step"].tolist() == ["read", "subsample", "train", "validation", "test"]
    assert table["images"].tolist()[:2] == [9, 7] and table["people"].tolist()[:2] == [6, 4]
    assert table["removed"].tolist() == [0, 2, 0, 0, 0]
    assert table["images"].tolist()[2:] == divided["split"].value_counts()[["train", "validation", "test"]].tolist()


def test_the_colour_table_is_the_papers_first_table():
    table = colour_table().set_index("class")
    assert table.loc["teeth", ["red", "green", "blue"]].tolist() == [0, 128, 255]
    assert table.loc["ears", ["red", "green", "blue"]].tolist() == [255, 0, 255]
    assert colour_table("vendor").set_index("class").loc["ears", ["red", "green", "blue"]].tolist() == [0, 255, 255]
    assert len(table) == NUM_CLASSES


def test_the_whole_preparation_runs_from_folder_to_arrays(mut1ny, tmp_path, add_pair):
    for number in range(30, 36):
        add_pair(mut1ny, f"real_photos/{number}.png", f"real/{number}.png", number)
    save(mut1ny / "samples" / "real_photos" / "copy.png", photograph(30))
    add_pair(mut1ny, "real_photos/copy.png", "real/copy.png", 30)
    seen: list[tuple[int, int]] = []
    result = prepare(
        open_reader("mut1ny", mut1ny), tmp_path / "out", 24, multi=1, per_folder=1, seed=5,
        progress=lambda done, total: seen.append((done, total)),
    )  # fmt: skip
    assert result.duplicates.table["removed_id"].tolist() == ["real_photos/copy"]
    flow = result.flow.set_index("step")["images"]
    assert flow["read"] == 16 and flow["exact duplicates removed"] == 15
    assert flow["subsample"] == flow[["train", "validation", "test"]].sum() == len(result.images) == 14
    assert (result.prepared.groupby("subject_id")["split"].nunique() == 1).all()
    assert result.labels[0].shape == (24, 24) and set(np.unique(result.labels[0])) == set(
        np.unique(stripes((*CORE, "teeth")))
    )
    assert seen[-1] == (14, 14)
