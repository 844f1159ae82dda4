"""Packing a study's networks, and the cards that are composed from its tables."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from facefair_lib.errors import InputError
from facefair_lib.models.build import model_from_settings
from facefair_lib.models.packed import unpack
from facefair_lib.settings import paths
from facefair_lib.settings.profiles import load_profile
from facefair_lib.store.results import write_array

SPEC = importlib.util.spec_from_file_location("ship", paths.REPOSITORY / "tools" / "ship.py")
ship = importlib.util.module_from_spec(SPEC)
SPEC.loader.exec_module(ship)


@pytest.fixture
def study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The tables of the reference study, with a network that has learnt nothing and small noise for pictures."""
    folder = tmp_path / "results" / "quick"
    shutil.copytree(paths.REPOSITORY / "results" / "kept", folder)
    monkeypatch.setenv("FACEFAIR_RESULTS", str(folder.parent))
    torch.manual_seed(0)
    network = model_from_settings("pspnet", load_profile("quick").models.pspnet.model_copy(update={"weights": "none"}))
    torch.save(network.state_dict(), folder / "03_train_pspnet" / "best.pt")
    rows = pd.read_csv(folder / "01_data_preparation" / "prepared.csv")["row"].max() + 1
    noise = np.random.default_rng(0).integers(0, 256, (rows, 32, 32, 3), np.uint8)
    write_array(folder / "01_data_preparation" / "images.npy", noise)
    monkeypatch.setattr(ship, "AGREEMENT", 0.9)  # its classes are nearly ties
    monkeypatch.setattr(ship, "commit", lambda: "abc1234 of 2026-11-30")
    return folder


def test_a_network_is_packed_with_a_card_that_holds_the_studys_own_numbers(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scores = pd.DataFrame({"f1": [0.912, 0.3]}, ["skin", "hair"])
    scores.attrs["pictures"] = 7
    sets = {"fasseg": "anywhere", "lapa:Helen in LaPa's layout": "anywhere", "facesynthetics": "anywhere"}
    monkeypatch.setattr(ship, "scores_by_class", lambda parser, source, folder: scores)
    path = ship.ship("pspnet", load_profile("quick"), sets, tmp_path / "shipped")
    packed = unpack(path)
    learnt = sum(pd.read_csv(study / "01_data_preparation" / "prepared.csv")["split"] == "train")
    assert packed.size == 128
    assert packed.told.endswith(f"trained on {learnt:,} pictures (rendered people of this project)")
    page = path.with_suffix(".md").read_text(encoding="utf-8")
    summary = pd.read_csv(study / "04_metric_analysis" / "summary.csv").set_index(["model", "metric"])
    own = summary.loc[("pspnet", "iou")]
    score = f"{100 * own.value:.1f} ({100 * own.low:.1f}–{100 * own.high:.1f})"
    assert f"| test people, mean IoU | {score} | {own.n_subjects:.0f} | {own.n_images:.0f} |" in page
    tones = pd.read_csv(study / "07_counterfactual_fairness" / "tones.csv")
    assert page.count("in Monk tone") == sum(tones["model"] == "pspnet") > 3
    assert page.count("people as rendered, image IoU") == 3
    assert "| FASSEG, face semantic segmentation, 7 pictures | 60.6 | skin 91, hair 30 |" in page
    assert "| Helen in LaPa's layout, 7 pictures | 60.6 |" in page
    assert "| FaceSynthetics (Microsoft), 7 pictures | 60.6 |" in page
    assert "commit abc1234 of 2026-11-30" in page and "nan" not in page
    assert "people to learn from" in page and "they say nothing about any living\nperson" in page


def test_a_study_without_the_later_tables_gets_a_shorter_card(study: Path, tmp_path: Path) -> None:
    for stage in ("05_ethnicity_emotion_experiment", "07_counterfactual_fairness"):
        shutil.rmtree(study / stage)
    page = ship.ship("pspnet", load_profile("quick"), {}, tmp_path).with_suffix(".md").read_text(encoding="utf-8")
    assert "test people, mean IoU" in page
    assert "published set" not in page and "Monk" not in page and "The same person" not in page


def test_what_half_floats_would_change_is_not_shipped(
    study: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ship, "agree", lambda *_: (0.89, 50))
    with pytest.raises(InputError, match=r"89\.00% of pixels as before"):
        ship.ship("pspnet", load_profile("quick"), {}, tmp_path)
    assert not list(tmp_path.glob("*.safetensors"))
