import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from metagnn.errors import InputError
from metagnn.training import TrainingConfig, default_objective, fit_fluxes
from metagnn.training.processes import gather_rows, is_first_process, own_rows, strategy_name
from tests.training import two_processes


def test_the_shares_of_all_processes_are_the_batch_and_equally_long() -> None:
    for samples in range(1, 12):
        for processes in range(1, 6):
            shares = [own_rows(samples, rank, processes) for rank in range(processes)]
            assert len({len(share) for share in shares}) == 1
            assert torch.cat(shares)[:samples].tolist() == list(range(samples))
            assert int(torch.cat(shares).max()) < samples


@pytest.mark.parametrize(("samples", "processes"), [(5, 2), (6, 3), (2, 3)])
def test_the_mean_of_all_gradients_is_the_gradient_of_the_whole(samples: int, processes: int) -> None:
    random = torch.Generator().manual_seed(0)
    inputs, target = (torch.randn(samples, 3, dtype=torch.float64, generator=random) for _ in range(2))
    weight = torch.randn(3, dtype=torch.float64, generator=random, requires_grad=True)

    def loss(rows: torch.Tensor) -> torch.Tensor:
        # No mean of means, and something of the weight itself.
        return (rows - target).abs().max() + (rows[0] * rows[-1]).sum() + weight.square().sum()

    expected, (gradient,) = loss(inputs * weight), torch.autograd.grad(loss(inputs * weight), weight)
    shares = [inputs[own_rows(samples, rank, processes)] * weight for rank in range(processes)]
    gradients = []
    for rank, share in enumerate(shares):
        rows = gather_rows(share, samples, rank, lambda _: torch.stack(shares).detach())
        assert torch.equal(loss(rows), expected)
        gradients.append(torch.autograd.grad(loss(rows), weight, retain_graph=True)[0])
    assert torch.allclose(torch.stack(gradients).mean(0), gradient, rtol=1e-12)


CASES = (("soft", "precursor"), ("polytope", "fixed"))


def test_two_processes_learn_what_one_does_from_the_same_batches(tmp_path: Path) -> None:
    out = tmp_path / "losses.json"
    program = [sys.executable, two_processes.__file__, "ddp", json.dumps(CASES), str(out)]
    root = Path(__file__).parents[2]
    done = subprocess.run(
        program, env=os.environ | {"PYTHONPATH": str(root)}, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    for case, together in zip(CASES, json.loads(out.read_text()), strict=True):
        alone = two_processes.losses(*case)
        assert list(together) == list(alone)
        assert {"loss", "flux_error", "measurement_misfit", "validation_loss"} <= set(alone)
        for name, values in alone.items():
            # In float32 a sum in another order differs in the seventh digit, and five epochs carry it on.
            np.testing.assert_allclose(together[name], values, rtol=2e-4, atol=1e-6, err_msg=f"{case} {name}")


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (TrainingConfig(), "auto"),
        (TrainingConfig(devices=2), "ddp_find_unused_parameters_true"),
        (TrainingConfig(devices=2, strategy="ddp_spawn"), "ddp_spawn_find_unused_parameters_true"),
        (TrainingConfig(strategy="ddp_find_unused_parameters_false"), "ddp_find_unused_parameters_false"),
        (TrainingConfig(strategy="single_device"), "single_device"),
    ],
)
def test_processes_do_not_wait_for_gradients_that_never_come(config: TrainingConfig, name: str) -> None:
    assert strategy_name(config) == name


def test_a_process_that_nobody_started_is_the_first() -> None:
    assert is_first_process()


@pytest.mark.parametrize("wrong", [{"strategy": "dpp"}, {"accelerator": "gpux"}, {"devices": "many"}, {"devices": 0}])
def test_what_the_machine_does_not_have_is_refused_by_name(make_model, toy, samples, wrong: dict) -> None:
    config = TrainingConfig(**({"accelerator": "cpu"} | wrong))
    objective = default_objective(toy, "steady_state", samples.scale(), config)
    with pytest.raises(InputError, match=r"`accelerator` .*, `devices` .*, `strategy` .* cannot be had here: "):
        fit_fluxes(make_model(), objective, samples, config)
