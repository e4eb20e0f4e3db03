import pytest

from metagnn import progress
from metagnn.datasets import FluxBatch
from metagnn.training import Checkpoints, TrainingConfig, default_objective, fit_fluxes

CONFIG = TrainingConfig(epochs=4, batch_size=7)


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """What a pipe got, with a line for every count in place of one every 30 s."""
    for name in ("wait", "every"):
        monkeypatch.setattr(progress._PipeLines, name, 0.0)
    return lambda: [line.partition(",")[0] for line in capsys.readouterr().err.splitlines()]


@pytest.fixture
def objective(toy, samples: FluxBatch):
    return default_objective(toy, "steady_state", samples.scale(growth_index=5), CONFIG)


def test_every_epoch_is_counted(make_model, objective, samples, lines):
    fit_fluxes(make_model(), objective, samples, CONFIG, progress=True)
    assert list(dict.fromkeys(lines())) == [f"epochs: {done} of 4" for done in (1, 2, 3, 4)]


@pytest.mark.parametrize("progress", [None, False])
def test_a_pipe_is_quiet_unless_it_is_asked_for(make_model, objective, samples, lines, progress):
    fit_fluxes(make_model(), objective, samples, CONFIG, progress=progress)
    assert lines() == []


def test_a_resumed_run_counts_the_epochs_before(make_model, objective, samples, lines, tmp_path):
    class KilledError(Exception):
        """The run ends here."""

    looks: list[dict[str, float]] = [{}]

    def kill(model: object) -> dict[str, float]:
        # It is asked after the first epoch and after every fifth: let it go on once.
        if not looks:
            raise KilledError
        return looks.pop()

    checkpoints = Checkpoints(tmp_path, resume=True, every=1)
    longer = TrainingConfig(epochs=8, batch_size=7)
    with pytest.raises(KilledError):
        fit_fluxes(make_model(), objective, samples, longer, 0, checkpoints, watch=kill)
    fit_fluxes(make_model(), objective, samples, longer, 0, checkpoints, progress=True)
    counted = list(dict.fromkeys(lines()))
    assert 0 < len(counted) < 8
    assert counted == [f"epochs: {done} of 8" for done in range(9 - len(counted), 9)]
