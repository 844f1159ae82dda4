"""Every published set with masks goes through notebook 01, a fit and its scores, as its profile says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import published_layouts as layouts
import pytest

from facefair_lib.data.published.catalogue import CATALOGUE, no_folder
from facefair_lib.data.readers.known import WITH_MASKS
from facefair_lib.data.readers.opening import READERS, open_source
from facefair_lib.errors import InputError
from facefair_lib.figures import style
from facefair_lib.models.fitted import load_network
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.settings import labels, paths
from facefair_lib.settings.labels import CLASS_NAMES, IGNORE_INDEX, INDEX, SCORED_CLASSES
from facefair_lib.settings.profiles import ModelSettings, Profile, TrainingSettings, load_profile, profile_names
from facefair_lib.store.results import Stage
from facefair_lib.study import open
from facefair_lib.study.run_all import run_study
from facefair_lib.tables.performance import class_table, transfer_table
from facefair_lib.training.fit import fit
from facefair_lib.training.predict import predict

SETS = ("celebamask", "lapa", "helen", "ibugmask", "facesynthetics")
PREPARATION = "01_data_preparation"
MODEL = ModelSettings(backbone="resnet18", weights="none", output_stride=8, channels=16, epochs=1, learning_rate=0.003)
TRAINING = TrainingSettings(batch_size=4, weight_decay=0.01, dice_weight=1.0, geometric=0.0, colour=0.0)


def run_preparation(profile: str, data: Path) -> dict[str, Any]:
    """Run the code of notebook 01, cell by cell, and give its names."""
    notebook = json.loads((paths.NOTEBOOKS / f"{PREPARATION}.ipynb").read_text(encoding="utf-8"))
    names: dict[str, Any] = {"profile": profile, "data": str(data)}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and "parameters" not in cell["metadata"].get("tags", []):
            exec("".join(cell["source"]), names)
    return names


@pytest.fixture(scope="module", params=SETS)
def prepared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """A tiny folder in the published layout, prepared by notebook 01 with the profile of its name, at 64 pixels."""
    name, root = request.param, tmp_path_factory.mktemp(request.param)
    data = layouts.LAYOUTS[name](root / "data", extra=9)
    configuration = root / "config"
    configuration.mkdir()
    for path in paths.PROFILES.glob("*.yaml"):
        (configuration / path.name).write_bytes(path.read_bytes())
    (configuration / "tiny.yaml").write_text(f"extends: {name}\ndata: {{size: 64}}\n", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FACEFAIR_RESULTS", str(root / "results"))
        patch.setattr(paths, "PROFILES", configuration)
        if name != "lapa":  # one set's figures are drawn and saved; the others' are the same code
            patch.setattr(style, "save", lambda *_: None)
            patch.setattr(open, "display", lambda *_: None)
            patch.setattr(open, "Image", lambda **_: None)
        names = run_preparation("tiny", data)
        settings = load_profile("tiny")
    stage = Stage(root / "results" / "tiny" / PREPARATION)
    return SimpleNamespace(name=name, data=data, names=names, settings=settings, stage=stage)


def labelled(prepared: SimpleNamespace) -> set[str]:
    """Names of the classes in the packed masks."""
    _, masks = prepared.stage.arrays()
    return {CLASS_NAMES[value] for value in np.unique(masks) if value != IGNORE_INDEX}


def test_the_masked_sets_are_the_same_everywhere() -> None:
    masked = [reader.name for reader in WITH_MASKS]
    assert set(SCORED_CLASSES) == set(masked) <= set(CATALOGUE)
    assert all(bool(CATALOGUE[name].labels) == (name in {*masked, "photos"}) for name in READERS)
    read = {load_profile(name).data.source for name in profile_names()}
    assert read == set(masked), "every set with masks has a profile"


@pytest.mark.parametrize("name", SCORED_CLASSES)
def test_every_class_is_scored_once_and_what_a_set_labels_stays_apart(name: str) -> None:
    names, lookup = labels.merge_lookup(SCORED_CLASSES[name])
    assert names[0] == "background" and (lookup >= 0).all()
    scored = [int(lookup[INDEX[labelled]]) for labelled in READERS[name].expected_classes]
    assert sorted(scored) == list(range(len(names)))


def test_notebook_01_packs_the_photographs_and_labels_of_the_set(prepared: SimpleNamespace) -> None:
    table, (images, masks) = prepared.stage.table("prepared"), prepared.stage.arrays()
    assert images.shape == (len(table), 64, 64, 3) and masks.shape == (len(table), 64, 64)
    assert set(table["split"]) == {"train", "validation", "test"} and set(table["source"]) == {prepared.name}
    assert table.groupby("subject_id")["split"].nunique().max() == 1
    assert labelled(prepared) == set(READERS[prepared.name].expected_classes)
    assert (prepared.stage.folder / "provenance.json").is_file()
    drawn = {path.stem for path in prepared.stage.figures.glob("*.png")}
    assert {"fig3_images_and_masks", "data_class_shares", "data_flow"} <= drawn or prepared.name != "lapa"


def test_what_the_set_does_not_know_of_people_stays_empty(prepared: SimpleNamespace) -> None:
    table = prepared.stage.table("prepared")
    assert table["group"].isna().all() or (table["group"] == "").all()
    known = set(table["gender"].dropna()) - {""}
    assert known == ({"female", "male"} if prepared.name == "celebamask" else set())


def test_names_of_pictures_survive_the_table_though_they_look_like_numbers(prepared: SimpleNamespace) -> None:
    assert set(prepared.stage.table("prepared")["image_id"]) <= set(prepared.names["manifest"]["image_id"])


def test_masks_are_padded_not_stretched(prepared: SimpleNamespace) -> None:
    row = next(row for row in prepared.stage.table("prepared").to_dict("records") if "0" in row["image_path"])
    height, width = prepared.names["reader"].mask(row).shape
    ignored = (prepared.stage.arrays()[1][row["row"]] == IGNORE_INDEX).all(1 if width > height else 0)  # (64,)
    assert (~ignored).sum() == round(64 * min(height, width) / max(height, width))


def test_a_fit_and_its_scores_leave_out_what_the_set_does_not_label(prepared: SimpleNamespace, tmp_path: Path) -> None:
    table, (images, masks) = prepared.stage.table("prepared"), prepared.stage.arrays()
    rows = {split: part["row"].to_numpy() for split, part in table.groupby("split")}
    result = fit("pspnet", MODEL, TRAINING, images, masks, rows, tmp_path, seed=0)
    network = load_network("pspnet", MODEL, result.weights)
    answer = labels.as_labelled(predict(network, images[rows["test"]]), prepared.settings.data.source)
    counts = confusion_counts(masks[rows["test"]], answer)
    assert counts.sum() == (masks[rows["test"]] != IGNORE_INDEX).sum()
    lacking = [INDEX[name] for name in CLASS_NAMES if name not in READERS[prepared.name].expected_classes]
    assert lacking and counts[:, lacking].sum() == 0, "no true pixel is of a class that the set lacks"
    assert counts[:, :, lacking].sum() == 0, "no such class enters a mean as one that scores 0"
    test = table[table["split"] == "test"]
    scores = score(prepared, {("here", "pspnet"): counts}, test)
    assert scores["class"].tolist() == [*list(SCORED_CLASSES[prepared.name])[1:], "mean"]
    assert scores["n_images"].max() == len(test)
    assert set(class_table({"pspnet": counts}, test, replicates=100)["class"]) >= set(CLASS_NAMES)


def score(prepared: SimpleNamespace, counts: dict[tuple[str, str], np.ndarray], test: pd.DataFrame) -> pd.DataFrame:
    groups = SCORED_CLASSES[prepared.settings.data.source]
    return transfer_table(counts, test, groups=groups, replicates=100)


def test_a_network_of_eleven_classes_is_right_where_it_names_the_finer_one(prepared: SimpleNamespace) -> None:
    """Whoever sees teeth in every mouth, and a beard on every skin, scores as one who names what the set names."""
    table, (_, masks) = prepared.stage.table("prepared"), prepared.stage.arrays()
    test = table[table["split"] == "test"]
    truth = np.array(masks[test["row"]])
    finer = truth.copy()
    for members in SCORED_CLASSES[prepared.name].values():
        finer[np.isin(truth, [INDEX[name] for name in members])] = INDEX[members[-1]]
    assert (finer != truth).any()
    counts = {("rendered", "pspnet"): confusion_counts(truth, np.where(truth == IGNORE_INDEX, 0, finer))}
    assert (score(prepared, counts, test)["f1"].dropna() == 1).all()


def test_the_palette_is_given_only_to_sets_that_have_a_choice_of_palettes(prepared: SimpleNamespace) -> None:
    settings: Profile = prepared.settings
    vendor = settings.data.model_copy(update={"palette": "vendor"})
    assert open_source(vendor, prepared.data).name == prepared.name


@pytest.mark.parametrize("name", SETS)
def test_a_profile_without_its_folder_says_how_to_get_the_set_and_what_to_type(name: str) -> None:
    with pytest.raises(InputError) as caught:
        run_study(name, "", "", "", cores=1)
    message = str(caught.value)
    assert CATALOGUE[name].page in message and f"make study PROFILE={name} DATA=" in message
    assert message == str(no_folder(name, name))


def _nothing(root: Path) -> Path:
    root.mkdir()
    return root


def _packed(root: Path) -> Path:
    root.mkdir()
    (root / "release.zip").write_bytes(b"PK")
    return root


def _above(root: Path) -> Path:
    layouts.lapa(root / "LaPa")
    return root


def _other(root: Path) -> Path:
    return layouts.helen(root)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda root: root, "no such folder"),
        (_nothing, "an empty folder"),
        (_packed, r"release\.zip, still packed[\s\S]*unpack the archive"),
        (_above, r"give .*LaPa instead"),
        (_other, r"PROFILE=helen"),
    ],
)
def test_a_wrong_folder_is_refused_before_anything_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], Path], words: str
) -> None:
    monkeypatch.setenv("FACEFAIR_RESULTS", str(tmp_path / "results"))
    with pytest.raises(InputError, match=words):
        run_study("lapa", str(make(tmp_path / "data")), "", "", cores=1)
    assert not (tmp_path / "results").exists()
