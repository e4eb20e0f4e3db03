import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.training import TrainingConfig, default_objective, fit_fluxes
from metagnn.training import rounds as module
from metagnn.training.rounds import OneCycles, reason_to_stop, rounds_of, training_end


def rates(schedule, optimizer: torch.optim.Optimizer, steps: int) -> list[float]:
    seen = []
    for _ in range(steps):
        seen.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    return seen


def optimiser() -> torch.optim.Optimizer:
    return torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=0.1)


def test_one_cycle_is_that_of_torch_and_every_further_one_begins_anew():
    ours, theirs = optimiser(), optimiser()
    torchs = torch.optim.lr_scheduler.OneCycleLR(theirs, max_lr=[0.1], total_steps=40)
    expected = rates(torchs, theirs, 40)
    # The optimiser of several cycles goes through the same rates first, and then through them again, half as fast.
    found = rates(OneCycles(ours, [0.1], [40, 80]), ours, 120)
    assert found[:40] == expected
    assert found[40] == pytest.approx(expected[0], rel=0.01)
    assert max(found[40:]) == pytest.approx(0.1, rel=0.01)
    assert found[-1] < 0.02 * 0.1
    assert np.argmax(found[40:]) == pytest.approx(2 * np.argmax(expected), abs=2)


def rows(*losses: float) -> list[dict[str, float]]:
    return [{"epoch": epoch, "loss": 9.0, "flux_error": loss} for epoch, loss in enumerate(losses)]


def test_a_training_ends_where_it_fits_or_no_longer_improves():
    assert reason_to_stop(rows(1.0, 0.01), [2, 4]) == "the training rows fit"
    assert reason_to_stop(rows(1.0, 0.5), [2, 4]) == ""
    assert reason_to_stop(rows(1.0, 0.5, 0.4, 0.49), [2, 4, 8]) == "the loss stopped falling"
    assert reason_to_stop(rows(1.0, 0.5, 0.4, 0.2), [2, 4, 8]) == ""
    assert reason_to_stop(rows(1.0, 0.5, 0.4, 0.2), [2, 4]) == "4 epochs are the budget"
    # Held-out samples decide where there are any.
    held = [row | {"validation_loss": 0.3} for row in rows(1.0, 0.01)]
    assert reason_to_stop(held, [2, 4]) == ""
    assert training_end(pd.DataFrame(rows(1.0, 0.01)), 2) == "2 epochs"
    assert rounds_of(7) == (7,)


@pytest.mark.parametrize(("fitted", "epochs"), [(1e3, 2), (0.0, 6)])
def test_a_run_takes_as_many_rounds_as_it_needs_and_the_same_seed_gives_the_same(
    make_model, toy, samples, monkeypatch, fitted: float, epochs: int
):
    monkeypatch.setattr(module, "ROUNDS", (2, 4))
    monkeypatch.setattr(module, "FITTED", fitted)
    config = TrainingConfig(batch_size=7, learning_rate=0.02)
    objective = default_objective(toy, "steady_state", samples.scale(growth_index=5), config)
    histories = [fit_fluxes(make_model(), objective, samples, config, seed=4) for _ in range(2)]
    assert len(histories[0]) == epochs
    pd.testing.assert_frame_equal(*histories)
    explicit = TrainingConfig(epochs=3, batch_size=7)
    assert len(fit_fluxes(make_model(), objective, samples, explicit)) == 3
