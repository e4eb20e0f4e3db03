import numpy as np
import pandas as pd
import pytest

from metagnn import progress
from metagnn.errors import FolderError, TableError
from metagnn.files.output import WORK
from metagnn.models.flux_gnn import FluxGNNConfig
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.predictor_setup import SampleTables
from metagnn.testing import toy_network
from metagnn.training.config import TrainingConfig
from metagnn.training_job import train_to_folder


@pytest.fixture(scope="module")
def network() -> MetabolicNetwork:
    return toy_network({"EX_a": "a <=>", "EX_b": "b <=>", "r": "a -> b", "growth": "b ->"}, "growth")


@pytest.fixture
def samples() -> tuple[pd.DataFrame, pd.DataFrame]:
    uptakes = np.linspace(1, 8, 12)
    return pd.DataFrame({"EX_a": uptakes, "EX_b": uptakes[::-1]}), pd.DataFrame({"growth": np.full(12, 9.0)})


def predictor(network: MetabolicNetwork, seed: int = 0) -> FluxPredictor:
    return FluxPredictor(network, seed=seed, config=FluxGNNConfig(4, 1, 4), training=TrainingConfig(epochs=3))


def stop_before_the_end(network, samples, folder, monkeypatch) -> None:
    def stop(self, path):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(FluxPredictor, "save", stop)
        with pytest.raises(KeyboardInterrupt):
            train_to_folder(predictor(network), SampleTables(*samples), folder)


def test_what_a_run_leaves_is_the_predictor_and_nothing_else(network, samples, tmp_path):
    trained = predictor(network)
    train_to_folder(trained, SampleTables(*samples), tmp_path / "run")
    files = ["config.json", "estimate.safetensors", "history.csv", "network.json", "run.json", "weights.safetensors"]
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == files
    loaded = FluxPredictor.load(tmp_path / "run", network)
    assert isinstance(loaded, FluxPredictor)
    pd.testing.assert_frame_equal(loaded.predict(samples[0]), trained.predict(samples[0]), check_exact=True)
    with pytest.raises(FolderError, match="exists; use --force"):
        train_to_folder(predictor(network), SampleTables(*samples), tmp_path / "run")
    with pytest.warns(UserWarning, match="is finished already"):
        again = train_to_folder(predictor(network), SampleTables(*samples), tmp_path / "run", resume=True)
    pd.testing.assert_frame_equal(again.predict(samples[0]), trained.predict(samples[0]), check_exact=True)
    with pytest.raises(FolderError, match="is finished, by a run with seed '0', not '1'"):
        train_to_folder(predictor(network, seed=1), SampleTables(*samples), tmp_path / "run", resume=True)


def test_a_run_that_was_stopped_ends_where_it_would_have_ended(network, samples, tmp_path, monkeypatch):
    stop_before_the_end(network, samples, tmp_path / "run", monkeypatch)
    assert (tmp_path / "run" / WORK / "job.json").is_file()
    whole, resumed = predictor(network), predictor(network)
    train_to_folder(whole, SampleTables(*samples), tmp_path / "whole")
    train_to_folder(resumed, SampleTables(*samples), tmp_path / "run", resume=True)
    for path in (tmp_path / "whole").iterdir():
        assert (tmp_path / "run" / path.name).read_bytes() == path.read_bytes()
    pd.testing.assert_frame_equal(resumed.predict(samples[0]), whole.predict(samples[0]), check_exact=True)


def test_a_run_of_something_else_is_not_continued(network, samples, tmp_path, monkeypatch):
    stop_before_the_end(network, samples, tmp_path / "run", monkeypatch)
    inputs, targets = samples
    other_inputs = (predictor(network), (inputs + 1, targets), "other inputs")
    for other, tables, what in ((predictor(network, seed=1), samples, "seed '0', not '1'"), other_inputs):
        with pytest.raises(FolderError, match=f"was begun with {what}; use --force to start anew"):
            train_to_folder(other, SampleTables(*tables), tmp_path / "run", resume=True)
    train_to_folder(predictor(network, seed=1), SampleTables(*samples), tmp_path / "run", force=True)
    assert FluxPredictor.load(tmp_path / "run").seed == 1


def test_a_damaged_checkpoint_is_not_believed(network, samples, tmp_path, monkeypatch):
    long = TrainingConfig(epochs=12)
    whole = predictor(network).set_params(training=long)
    train_to_folder(whole, SampleTables(*samples), tmp_path / "whole")
    for number, damage in enumerate((lambda b: b[:-9], lambda b: b[:-9] + b"?" + b[-8:], lambda b: b"")):
        out = tmp_path / str(number)
        with monkeypatch.context() as patched:
            patched.setattr(FluxPredictor, "save", lambda self, path: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                train_to_folder(predictor(network).set_params(training=long), SampleTables(*samples), out)
        (checkpoint,) = (out / WORK).glob("*.ckpt")
        checkpoint.write_bytes(damage(checkpoint.read_bytes()))
        with pytest.warns(UserWarning, match="is damaged; the training begins anew"):
            train_to_folder(predictor(network).set_params(training=long), SampleTables(*samples), out, resume=True)
        assert (out / "run.json").read_bytes() == (tmp_path / "whole" / "run.json").read_bytes()


def test_bad_tables_leave_no_folder(network, samples, tmp_path):
    inputs, targets = samples
    for tables in ((inputs.assign(EX_a=-1.0), targets), (inputs, targets[:3])):
        with pytest.raises(TableError):
            train_to_folder(predictor(network), SampleTables(*tables), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_the_kind_of_a_folder_is_recognised(network, samples, tmp_path):
    inputs, targets = samples
    lists = pd.DataFrame({"EX_a": [1, 0] * 6, "EX_b": [1, 1, 0, 1] * 3})[[True, True, False, True] * 3]
    grown = pd.DataFrame({"growth": np.where(lists["EX_a"] == 1, 0.9, 0.4)}, index=lists.index)
    medium = FluxPredictor(network, inputs="present", training=TrainingConfig(epochs=2))
    train_to_folder(medium, SampleTables(lists, grown), tmp_path / "lists")
    assert FluxPredictor.load(tmp_path / "lists").inputs == "present"
    train_to_folder(predictor(network), SampleTables(inputs, targets), tmp_path / "fluxes")
    assert FluxPredictor.load(tmp_path / "fluxes").inputs == "max_uptake"


def test_tables_that_only_solving_shows_to_be_bad_leave_no_folder(network, samples, tmp_path):
    few = samples[1].assign(growth=[9.0] * 3 + [np.nan] * 9)
    with pytest.warns(UserWarning, match="9 of 12 rows"), pytest.raises(TableError, match="3 of 12 rows can be used"):
        train_to_folder(predictor(network), SampleTables(samples[0], few), tmp_path / "run")
    assert not (tmp_path / "run").exists()
    train_to_folder(predictor(network), SampleTables(*samples), tmp_path / "run")
    before = sorted(path.name for path in (tmp_path / "run").iterdir())
    with pytest.warns(UserWarning, match="9 of 12 rows"), pytest.raises(TableError):
        train_to_folder(predictor(network), SampleTables(samples[0], few), tmp_path / "run", force=True)
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == before


def test_progress_is_shown_if_asked_for(network, samples, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(progress._PipeLines, "wait", 0.0)
    train_to_folder(predictor(network), SampleTables(*samples), tmp_path / "quiet")
    assert capsys.readouterr().err == ""
    train_to_folder(predictor(network), SampleTables(*samples), tmp_path / "loud", progress=True)
    assert capsys.readouterr().err.splitlines()[-1].startswith("epochs: 3 of 3")
