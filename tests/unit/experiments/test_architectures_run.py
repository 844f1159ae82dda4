"""The stage: listed networks are fitted on one budget, scored and measured; mistakes stop it before any fit."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from facefair_lib.data.pictures import Pictures
from facefair_lib.errors import InputError
from facefair_lib.experiments.architectures import run
from facefair_lib.experiments.architectures.cost import COST_COLUMNS, Labelling, measure_costs
from facefair_lib.experiments.architectures.plan import contenders
from facefair_lib.experiments.architectures.run import write_comparison
from facefair_lib.models.build import MODEL_NAMES, build_model
from facefair_lib.models.cost import measure_cost
from facefair_lib.scores.confusion import confusion_counts
from facefair_lib.scores.titles import NETWORK_TITLES, backbone_title
from facefair_lib.settings.labels import as_labelled
from facefair_lib.settings.profiles import (
    ComparisonSettings,
    InferenceSettings,
    Profile,
    TrainingSettings,
    load_profile,
    parse_profile,
)
from facefair_lib.store.results import Stage, write_array, write_csv
from facefair_lib.training.predict import predict

FCN = {"model": "fcn", "backbone": "resnet18"}
PSPNET = {"model": "pspnet", "backbone": "resnet18", "channels": 16}
Halves = Callable[[int, int], tuple[np.ndarray, np.ndarray]]
"""Count and seed -> pictures and labels."""

TRAINING = TrainingSettings(batch_size=4, weight_decay=0.01, dice_weight=1.0, geometric=0.0, colour=0.0)
ONE_VIEW = [{"scale": 1.0, "mirrored": False}]


def profile(*networks: dict, epochs: int = 1, source: str = "rendered") -> Profile:
    smoke = load_profile("smoke")
    data = smoke.data.model_copy(update={"source": source})
    comparison = settings(*networks, epochs=epochs)
    return smoke.model_copy(update={"comparison": comparison, "training": TRAINING, "data": data, "seed": 1})


def settings(*networks: dict, epochs: int = 1) -> ComparisonSettings:
    values = {"weights": "none", "epochs": epochs, "learning_rate": 0.004, "views": ONE_VIEW}
    return ComparisonSettings.model_validate({"networks": networks or (PSPNET, FCN), **values})


@pytest.fixture
def data(tmp_path: Path, halves: Halves) -> Stage:
    """Twelve pictures to train on, four to validate on, four to test on."""
    images, labels = halves(20, 0)
    split = ["train"] * 12 + ["validation"] * 4 + ["test"] * 4
    names = [f"i{number:02d}" for number in range(20)]
    stage = Stage(tmp_path / "data")
    write_csv(
        stage.path("prepared.csv"),
        pd.DataFrame({"image_id": names, "subject_id": names, "split": split, "row": range(20)}),
    )
    write_array(stage.path("images.npy"), images)
    write_array(stage.path("labels.npy"), labels)
    return stage


@pytest.fixture
def people(halves: Halves) -> Pictures:
    names = [f"p{number}" for number in range(6)]
    table = pd.DataFrame({"image_id": names, "subject_id": names, "group": ["asian", "black", "caucasian"] * 2})
    return Pictures(table, *halves(6, 1))


@pytest.fixture(autouse=True)
def quick_measurements(monkeypatch: pytest.MonkeyPatch) -> None:
    """Costs are measured for a moment only, and never on a GPU, whose arithmetic differs from run to run."""
    monkeypatch.setattr(run, "measure_costs", lambda *given: measure_costs(*given, rounds=1, seconds=0))
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The networks that are really fitted, in order."""
    from facefair_lib.training import fit as module

    seen: list[str] = []
    original = module._fit

    def noted(name: str, *rest: object) -> dict:
        seen.append(name)
        return original(name, *rest)

    monkeypatch.setattr(module, "_fit", noted)
    return seen


def test_listed_networks_are_fitted_scored_and_measured_whatever_their_order(
    tmp_path: Path, data: Stage, people: Pictures, fitted: list[str]
) -> None:
    shown: list[tuple[int, int]] = []
    first, second = Stage(tmp_path / "first"), Stage(tmp_path / "second")
    advance = lambda done, total: shown.append((done, total))  # noqa: E731 - a callback of one line
    write_comparison(first.folder, profile(PSPNET, FCN), data, people, 1, advance)
    write_comparison(second.folder, profile(FCN, PSPNET), data, people, 1)

    assert shown == [(0, 2), (1, 2), (2, 2)]
    networks = first.table("networks")
    assert list(networks.columns) == run.NETWORK_COLUMNS
    assert list(networks["network"]) == ["pspnet_resnet18", "fcn_resnet18"]
    assert (networks["epochs"] == 1).all() and (networks["learning_rate"] == 0.004).all()
    assert list(first.table("costs").columns) == COST_COLUMNS
    assert list(first.table("timings").columns) == run.TIMING_COLUMNS
    assert (first.table("timings").drop(columns="network") > 0).all(axis=None)
    assert first.table("status")["status"].item() == run.COMPLETE
    assert list(first.table("test_images")["image_id"]) == ["i16", "i17", "i18", "i19"]
    for name, pictures in (("test_counts", 4), ("people_counts", 6)):
        counts = first.array(name)
        assert counts.shape == (2, pictures, 11, 11)
        assert (counts.sum((2, 3)) == 32 * 32).all()
        assert (second.array(name)[::-1] == counts).all(), "a network's result depends on its place in the list"
    assert list(second.table("networks")["network"]) == ["fcn_resnet18", "pspnet_resnet18"]
    # The longest fits begin first, so that the last one does not keep all others waiting.
    costs = first.table("costs").set_index("network")["flops"]
    longest = costs.idxmax().split("_")[0]
    assert fitted[0] == fitted[2] == longest


def test_the_counts_are_those_of_the_kept_weights(tmp_path: Path, data: Stage, people: Pictures) -> None:
    from facefair_lib.models.fitted import load_network

    folder = tmp_path / "comparison"
    write_comparison(folder, profile(epochs=2), data, people, 1)
    (fcn,) = (entry for entry in contenders(settings(epochs=2), 32) if entry.model == "fcn")
    network = load_network("fcn", fcn.settings, folder / "fits" / "fcn_resnet18" / "best.pt")
    expected = confusion_counts(people.labels, predict(network, people.images))
    assert (Stage(folder).array("people_counts")[1] == expected).all()
    history = pd.read_csv(folder / "fits" / "fcn_resnet18" / "history.csv")
    best = history[history["split"] == "validation"].sort_values("loss").iloc[0]["epoch"]
    assert Stage(folder).table("networks").set_index("network").loc["fcn_resnet18", "best_epoch"] == best


def test_classes_give_way_here_as_everywhere_in_the_study(tmp_path: Path, data: Stage, people: Pictures) -> None:
    asked = profile(FCN, PSPNET)
    all_of_it = asked.inference.model_copy(update={"least_share": 0.999})
    write_comparison(tmp_path, asked.model_copy(update={"inference": all_of_it}), data, people, 1)
    for name in ("test_counts", "people_counts"):
        answers = Stage(tmp_path).array(name).sum((1, 2))  # (2, 11) pixels by predicted class
        assert answers[:, 0].all() and not answers[:, 1:].any(), "no class covers the whole of a picture: background"


def test_what_is_fitted_is_not_fitted_again_and_what_is_missing_is(
    tmp_path: Path, data: Stage, people: Pictures, fitted: list[str]
) -> None:
    folder = tmp_path / "comparison"
    write_comparison(folder, profile(), data, people, 1)
    before = [(folder / f"{name}.npy").read_bytes() for name in ("test_counts", "people_counts")]
    fitted.clear()
    (folder / "fits" / "fcn_resnet18" / "best.pt").unlink()
    write_comparison(folder, profile(), data, people, 1)
    assert fitted == ["fcn"]
    assert [(folder / f"{name}.npy").read_bytes() for name in ("test_counts", "people_counts")] == before
    fitted.clear()
    write_comparison(folder, profile(PSPNET, {**FCN, "backbone": "resnet34"}), data, people, 1)
    assert fitted == ["fcn"]
    assert sorted(path.name for path in (folder / "fits").iterdir()) == ["fcn_resnet34", "pspnet_resnet18"]


def test_shards_in_any_order_leave_all_fits_and_no_table(
    tmp_path: Path, data: Stage, people: Pictures, fitted: list[str]
) -> None:
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    write_comparison(whole, profile(), data, people, 1)
    fitted.clear()
    for k in (2, 1):
        write_comparison(parts, profile(), data, people, 1, shard=(k, 2))
        assert [path.name for path in parts.iterdir()] == ["fits"]
    assert sorted(fitted) == ["fcn", "pspnet"]
    fitted.clear()
    write_comparison(parts, profile(), data, people, 1)
    assert fitted == []
    for name in ("test_counts.npy", "people_counts.npy"):
        assert (parts / name).read_bytes() == (whole / name).read_bytes()


def test_a_class_that_the_set_does_not_label_is_counted_as_what_the_set_counts_it_as(
    tmp_path: Path, data: Stage, people: Pictures
) -> None:
    for source in ("rendered", "fasseg"):
        write_comparison(tmp_path / source, profile(source=source), data, people, 1)
    own, merged = (Stage(tmp_path / source).array("test_counts") for source in ("rendered", "fasseg"))
    expected = np.zeros_like(own)
    for predicted in range(11):
        expected[..., as_labelled(np.uint8(predicted), "fasseg")] += own[..., predicted]
    np.testing.assert_array_equal(merged, expected)
    people_counts = [Stage(tmp_path / source).array("people_counts") for source in ("rendered", "fasseg")]
    np.testing.assert_array_equal(*people_counts)  # rendered people have every class


def test_fits_can_be_sent_to_other_processes(
    tmp_path: Path, data: Stage, people: Pictures, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Everything a fit needs and gives back survives pickling; the whole study fits side by side."""

    def sent(work: Callable, jobs: list[tuple], workers: int) -> Iterator[dict]:
        assert workers == 2
        for job in jobs:
            received, values = pickle.loads(pickle.dumps((work, job)))
            yield pickle.loads(pickle.dumps(received(*values)))

    monkeypatch.setattr(run, "spread", sent)
    monkeypatch.setenv("FACEFAIR_CORES", "7")
    write_comparison(tmp_path, profile(), data, people, 3)
    assert list(Stage(tmp_path).table("networks")["network"]) == ["pspnet_resnet18", "fcn_resnet18"]
    assert os.environ["FACEFAIR_CORES"] == "7", "the fits gave the runner's number of cores back"


def test_a_profile_that_lists_none_is_skipped_with_its_reason(
    tmp_path: Path, data: Stage, people: Pictures, fitted: list[str]
) -> None:
    write_comparison(tmp_path, profile().model_copy(update={"comparison": None}), data, people, 1)
    status = Stage(tmp_path).table("status").iloc[0]
    assert status["status"] == run.SKIPPED
    assert "PROFILE=models" in status["reason"]
    for name in ("networks", "costs", "test_images", "people"):
        assert Stage(tmp_path).table(name).empty
    assert fitted == []


@pytest.mark.parametrize(
    ("network", "words"),
    [
        ({"model": "unit", "backbone": "resnet18"}, "one of deeplabv3, pspnet, fcn"),
        ({"model": "segnet", "backbone": "resnet18"}, "one of vgg11_bn"),
        ({"model": "fcn", "backbone": "resnet18", "channels": 8}, "no option"),
        ({"model": "unet", "backbone": "resnet19"}, "no such encoder"),
    ],
)
def test_a_network_that_cannot_be_built_stops_the_stage_before_any_fit_and_names_its_key(
    tmp_path: Path, data: Stage, people: Pictures, fitted: list[str], network: dict, words: str
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        write_comparison(tmp_path / "comparison", profile(PSPNET, network), data, people, 1)
    assert "comparison.networks[1]" in str(caught.value)
    assert fitted == []
    assert not (tmp_path / "comparison").exists()


def test_mistakes_of_the_section_are_named_with_their_place() -> None:
    values = load_profile("smoke").model_dump(mode="json")
    listed = values["comparison"]["networks"]
    spoilt = [
        ([{**listed[0], "modle": "unet"}, listed[1]], r"comparison.networks.0.modle(.|\n)*did you mean 'model'"),
        ([listed[0], listed[0]], "listed twice: deeplabv3 with resnet18"),
        (listed[:1], "at least 2 items"),
    ]
    for networks, words in spoilt:
        with pytest.raises(InputError, match=words):
            parse_profile({**values, "comparison": {**values["comparison"], "networks": networks}}, "my.yaml")


def test_the_profile_models_compares_every_network_there_is_on_the_people_of_quick() -> None:
    models, quick = load_profile("models"), load_profile("quick")
    assert {network.model for network in models.comparison.networks} == set(MODEL_NAMES)
    for section in ("seed", "cohort", "data", "training", "experiment", "analysis"):
        assert getattr(models, section) == getattr(quick, section)
    assert quick.comparison is None
    built = contenders(models.comparison, 64)  # smaller than its pictures: this asks only whether all can be built
    assert len({contender.name for contender in built}) == len(models.comparison.networks) > len(MODEL_NAMES)
    # The last ones are those of quick, but for the budget.
    for model, contender in zip(("pspnet", "deeplabv3"), built[-2:], strict=True):
        alike = {"backbone", "weights", "channels", "fine_maps", "atrous_rates"}
        study = getattr(quick.models, model).model_dump(include=alike)
        assert (contender.model, contender.settings.model_dump(include=alike, exclude_none=True)) == (model, study)


def test_every_network_has_a_title() -> None:
    assert set(NETWORK_TITLES) == set(MODEL_NAMES)
    assert [backbone_title(name) for name in ("resnet18", "vgg11_bn", "mit_b0", "my_net")] == [
        "ResNet-18", "VGG-11", "MiT-B0", "my_net",
    ]  # fmt: skip


def test_costs_hold_all_views_and_leave_the_threads_as_they_were() -> None:
    network = build_model("fcn", "resnet18").eval()
    once = InferenceSettings.model_validate({"views": ONE_VIEW})
    twice = InferenceSettings.model_validate({"views": [*ONE_VIEW, {"scale": 2.0, "mirrored": True}]})
    threads = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        costs = [measure_costs({"fcn": network}, views, 32, rounds=3, seconds=0).iloc[0] for views in (once, twice)]
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert costs[0]["flops"] == measure_cost(network, 32, batch=1, seconds=0).flops
    assert costs[1]["flops"] == pytest.approx(5 * costs[0]["flops"], rel=0.01)  # twice as wide and high, and once more
    assert costs[0]["parameters"] == costs[1]["parameters"] == sum(p.numel() for p in network.parameters())
    assert all(cost["slowest"] <= cost["images_per_second"] <= cost["fastest"] for cost in costs)
    assert costs[0]["device"].endswith("1 thread")


def test_labelling_gives_probabilities_of_the_pictures_size() -> None:
    network = build_model("fcn", "resnet18").eval()
    views = InferenceSettings.model_validate({"views": [*ONE_VIEW, {"scale": 2.0, "mirrored": True}]})
    with torch.inference_mode():
        seen = Labelling(network, views)(torch.zeros(1, 3, 32, 32))
    assert seen.shape == (1, 11, 32, 32)
    torch.testing.assert_close(seen.sum(1), torch.ones(1, 32, 32))
