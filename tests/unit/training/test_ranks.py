"""Several processes that fit together end where one would, and go on after one of them is killed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from timm.layers import convert_sync_batchnorm

from facefair_lib.errors import InputError
from facefair_lib.models.build import build_model
from facefair_lib.settings.paths import REPOSITORY
from facefair_lib.store.processes import child_environment
from facefair_lib.training import ranks
from facefair_lib.training.fit import _check_ranks

SCRIPT = Path(__file__).with_name("fit_by_ranks.py")
SCORES = ["loss", "accuracy", "precision", "recall", "f1", "iou"]


def fit(processes: int, folder: Path, network: str = "no_statistics", killed: str = "") -> int:
    """Fit in so many processes; the exit status."""
    start = ["-m", "torch.distributed.run", "--standalone", f"--nproc-per-node={processes}"] if processes > 1 else []
    command = [sys.executable, *start, str(SCRIPT), str(folder), network, killed]
    environment = child_environment(OMP_NUM_THREADS="1", CUDA_VISIBLE_DEVICES="")
    return subprocess.run(command, env=environment, cwd=REPOSITORY, check=False).returncode


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return torch.load(folder / "best.pt", weights_only=True)


def test_two_processes_draw_the_curve_of_one(tmp_path: Path) -> None:
    assert fit(1, tmp_path / "one") == fit(2, tmp_path / "two") == 0
    one, two = (pd.read_csv(tmp_path / folder / "history.csv") for folder in ("one", "two"))
    assert one[["epoch", "split"]].equals(two[["epoch", "split"]])
    np.testing.assert_allclose(two[SCORES], one[SCORES], rtol=1e-3)
    # AdamW's steps do not show it if all gradients are twice as large: look at them before it does.
    np.testing.assert_allclose(np.load(tmp_path / "two.npy"), np.load(tmp_path / "one.npy"), rtol=1e-3)
    left = {path.name for path in (tmp_path / "two").iterdir()}
    assert left == {"best.pt", "fit.json", "history.csv", "timings.csv"}


def test_a_fit_whose_ranks_are_killed_ends_with_the_weights_it_would_have_had(tmp_path: Path) -> None:
    assert fit(2, tmp_path / "whole", "as_published") == 0
    for ranks_killed in ("1@3", "01@5"):  # one in the second epoch, all in the third
        assert fit(2, tmp_path / "parts", "as_published", ranks_killed) != 0
        assert not (tmp_path / "parts" / "best.pt").exists()
    assert fit(2, tmp_path / "parts", "as_published") == 0
    histories = [pd.read_csv(tmp_path / folder / "history.csv") for folder in ("whole", "parts")]
    pd.testing.assert_frame_equal(*histories)
    whole, parts = weights(tmp_path / "whole"), weights(tmp_path / "parts")
    assert list(whole) == list(parts)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_every_rank_takes_its_share_of_a_batch_and_none_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for count, processes in ((8, 1), (8, 2), (8, 4), (5, 2), (1, 3)):
        monkeypatch.setattr(ranks, "size", lambda processes=processes: processes)
        shares = []
        for number in range(processes):
            monkeypatch.setattr(ranks, "rank", lambda number=number: number)
            shares.append(ranks.own_share(count))
        assert len({len(share) for share in shares}) == 1
        assert torch.cat(shares)[:count].tolist() == list(range(count))
        assert torch.cat(shares)[count:].tolist() == [count - 1] * (sum(map(len, shares)) - count)


SRUN = {
    "SLURM_JOB_ID": "20481234", "SLURM_STEP_ID": "1", "SLURM_STEP_NODELIST": "gpu[07-09,12]", "SLURM_PROCID": "5",
    "SLURM_STEP_NUM_TASKS": "8", "SLURM_LOCALID": "1", "SLURM_NTASKS": "8",
}  # fmt: skip


def test_what_srun_sets_is_told_in_torchruns_words() -> None:
    told = ranks.variables_of_srun(SRUN)
    port = int(told.pop("MASTER_PORT"))
    assert told == {"MASTER_ADDR": "gpu07", "WORLD_SIZE": "8", "RANK": "5", "LOCAL_RANK": "1"}
    assert 1024 < port < 32768
    beside = ranks.variables_of_srun({**SRUN, "SLURM_STEP_ID": "2"})
    assert int(beside["MASTER_PORT"]) != port, "two steps of a job meet at two ports"
    own = {"MASTER_ADDR": "10.0.0.7", "MASTER_PORT": "29500"}
    assert ranks.variables_of_srun({**SRUN, **own}).items() >= own.items()


def test_a_process_is_alone_in_a_batch_script_and_as_a_steps_only_task(monkeypatch: pytest.MonkeyPatch) -> None:
    batch = {name: value for name, value in SRUN.items() if "STEP" not in name} | {"SLURM_PROCID": "0"}
    for variables in (batch, {**SRUN, "SLURM_STEP_NUM_TASKS": "1"}):
        with monkeypatch.context() as shell:
            for name, value in variables.items():
                shell.setenv(name, value)
            with ranks.joined():
                assert (ranks.size(), ranks.rank()) == (1, 0)
                assert ranks.on_first(lambda: "done") == "done"


def test_a_process_without_a_gpu_of_its_own_is_refused() -> None:
    with pytest.raises(InputError, match=r"process 3[\s\S]*2 GPUs[\s\S]*--gpus-per-node"):
        ranks._take_gpu(2, 2)


def test_a_batch_that_cannot_be_dealt_out_evenly_is_refused() -> None:
    with pytest.raises(InputError, match=r"3 processes[\s\S]*batch_size 16[\s\S]*multiple of 3"):
        _check_ranks(16, 3)
    _check_ranks(16, 4)


def test_batch_norm_over_all_ranks_keeps_a_layers_activation_and_the_names_of_weights() -> None:
    network = build_model("pspnet", "efficientnet_lite0", output_stride=16, channels=8).eval()
    pictures = torch.randn(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    before, names = network(pictures)["out"], list(network.state_dict())
    assert any("BatchNormAct" in type(module).__name__ for module in network.modules())
    synchronised = convert_sync_batchnorm(network)
    assert not any(type(module) is torch.nn.BatchNorm2d for module in synchronised.modules())
    assert list(synchronised.state_dict()) == names
    torch.testing.assert_close(synchronised(pictures)["out"], before)
