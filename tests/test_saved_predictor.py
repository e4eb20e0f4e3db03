import contextlib
import copy
import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.datasets import uniform_media
from metagnn.errors import FolderError, InputError
from metagnn.fba import simulate_fluxes
from metagnn.files.tensor_file import read_tensors, write_tensors
from metagnn.models import FluxGNNConfig
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.saved_predictor import read_predictor, write_predictor
from metagnn.testing import toy_network
from metagnn.training import TrainingConfig
from tests.measured_cells import cell, small, wasteful

FILES = {"config.json", "network.json", "history.csv", "weights.safetensors", "estimate.safetensors"}


@pytest.fixture(scope="module")
def network() -> MetabolicNetwork:
    equations = {"EX_a": "a <=>", "EX_o": "o <=>", "r": "a -> 2 b", "s": "a + o -> 3 b", "growth": "b ->"}
    formulas = {"a": "C6H12O6", "b": "C3H6O3", "o": "O2"}
    bounds = {"EX_a": (-10, float("inf")), "EX_o": (-10, 1000)}
    return toy_network(equations, "growth", bounds, formulas)


@pytest.fixture(scope="module")
def media() -> pd.DataFrame:
    return uniform_media({"EX_o": (0, 10), "EX_a": (1, 10)}, 12)


@pytest.fixture(scope="module")
def fitted(network: MetabolicNetwork, media: pd.DataFrame) -> FluxPredictor:
    training = TrainingConfig(epochs=3, learning_rate=0.02, devices="auto")
    model = FluxPredictor(network, seed=7, config=FluxGNNConfig(4, 1, 3), training=training)
    return model.fit(media, simulate_fluxes(network, media).fluxes)


@pytest.fixture
def folder(fitted: FluxPredictor, tmp_path: Path) -> Path:
    fitted.save(tmp_path / "models" / "first")
    return tmp_path / "models" / "first"


def test_a_loaded_predictor_is_the_saved_one(fitted, network, media, folder):
    loaded = FluxPredictor.load(folder)
    pd.testing.assert_frame_equal(loaded.predict(media), fitted.predict(media), check_exact=True)
    pd.testing.assert_frame_equal(loaded.diagnose(media), fitted.diagnose(media), check_exact=True)
    pd.testing.assert_frame_equal(loaded.history_, fitted.history_)
    for name in (
        "inputs",
        "constraint",
        "composition",
        "seed",
        "config",
        "training",
        "input_names_",
        "growth_reaction",
    ):
        assert getattr(loaded, name) == getattr(fitted, name), name
    assert loaded.composition_ == fitted.composition_
    assert loaded.network.fingerprint == network.fingerprint
    assert np.isinf(loaded.network.bounds.upper[0])
    assert {path.name for path in folder.iterdir()} == FILES


def test_saving_what_was_loaded_writes_the_same_files(folder, tmp_path):
    FluxPredictor.load(str(folder)).save(str(tmp_path / "second"))
    for name in ("config.json", "network.json"):
        assert (folder / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name
    assert FluxPredictor.load(tmp_path / "second").history_.equals(FluxPredictor.load(folder).history_)


def test_a_predictor_of_rates_on_core_survives(core: MetabolicNetwork, tmp_path):
    media = uniform_media({"EX_glc__D_e": (3, 10), "EX_o2_e": (5, 20)}, 6)
    labels = simulate_fluxes(core, media).fluxes
    rates = labels[["EX_glc__D_e", "EX_o2_e"]].assign(EX_o2_e_std=0.3)
    config, training = FluxGNNConfig(4, 1, 4), TrainingConfig(epochs=2)
    model = FluxPredictor(core, "rates", "soft", config=config, training=training).fit(
        rates, labels[[core.growth_reaction]]
    )
    model.save(tmp_path)
    loaded = FluxPredictor.load(tmp_path, network=core)
    pd.testing.assert_frame_equal(loaded.predict(rates), model.predict(rates), check_exact=True)
    assert (loaded.inputs, loaded.constraint) == ("rates", "soft")


def test_a_loaded_predictor_can_be_fitted_again(fitted, network, media, folder):
    again = FluxPredictor.load(folder).fit(media, simulate_fluxes(network, media).fluxes)
    pd.testing.assert_frame_equal(again.predict(media), fitted.predict(media), check_exact=True)


def test_a_folder_is_replaced_whole(fitted, network, media, folder):
    other = FluxPredictor(network, config=FluxGNNConfig(5, 2, 2), training=TrainingConfig(epochs=1))
    other.fit(media[::2], simulate_fluxes(network, media[::2]).fluxes)
    other.save(folder)
    pd.testing.assert_frame_equal(FluxPredictor.load(folder).predict(media), other.predict(media), check_exact=True)
    assert not np.allclose(other.predict(media), fitted.predict(media), atol=1e-3)


def test_loading_draws_no_random_numbers(folder):
    state = torch.get_rng_state()
    FluxPredictor.load(folder)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_network_is_checked(network, folder):
    assert FluxPredictor.load(folder, network=network).network.id == "toy"
    same = toy_network({"EX_a": "a <=>", "growth": "a ->"}, "growth")
    for other in (same, network.with_medium({"EX_a": 3.0}), network.knock_out(reactions=["s"])):
        with pytest.raises(FolderError, match=r"was trained on .* with other reactions, bounds or objective than"):
            FluxPredictor.load(folder, network=other)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(FolderError, match=name.replace(".", r"\.")):
        FluxPredictor.load(folder)


def test_a_folder_that_is_none_or_holds_no_predictor_is_refused(tmp_path):
    for wrong in (tmp_path / "nowhere", tmp_path):
        with pytest.raises(FolderError, match=r"is no saved predictor: it has no config\.json; expected a folder"):
            FluxPredictor.load(wrong)


@pytest.mark.parametrize("name", sorted(FILES - {"history.csv"}))
def test_damage_anywhere_is_refused_or_changes_nothing(fitted, media, folder, name):
    intact, expected = (folder / name).read_bytes(), fitted.predict(media)
    random = np.random.default_rng(0)
    refused = 0
    for position in random.choice(len(intact), 40, replace=False):
        flipped = bytes([intact[position] ^ int(random.choice([1, 2, 16, 255]))])
        (folder / name).write_bytes(intact[:position] + flipped + intact[position + 1 :])
        try:
            loaded = FluxPredictor.load(folder)
        except FolderError:
            refused += 1
        else:
            # Settings of the training may change unnoticed; what the model predicts may not.
            assert name == "config.json"
            pd.testing.assert_frame_equal(loaded.predict(media), expected, check_exact=True)
    assert refused >= (30 if name == "config.json" else 40)
    for length in (0, 1, len(intact) // 2, len(intact) - 1):
        (folder / name).write_bytes(intact[:length])
        with pytest.raises(FolderError):
            FluxPredictor.load(folder)


def edit(folder: Path, name: str, change: Callable[[dict], object]) -> None:
    document = json.loads((folder / name).read_text())
    change(document)
    (folder / name).write_text(json.dumps(document))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.update(format=1), "has format 1; this version reads format 3: train again"),
        (lambda d: d.pop("format"), "has format None; this version reads format 3: train again"),
        (lambda d: d["config"].update(width=3), "is damaged .ValueError.*width"),
        (lambda d: d["config"].update(steps=0), "is damaged .*`steps` is 0; expected at least 1"),
        (lambda d: d["config"].update(steps=9), "the saved weights do not fit their settings"),
        (lambda d: d["training"].update(epochs="many"), "is damaged .ValueError: `epochs`"),
        (lambda d: d.update(fingerprint="0"), r"network\.json' is damaged: it does not match its fingerprint"),
        (lambda d: d.pop("seed"), "is damaged .KeyError: 'seed'"),
        (lambda d: d["constraint"].update(name="polytop"), "is damaged .KeyError: 'polytop'"),
        (lambda d: d.update(inputs="rate"), "is damaged .*did you mean 'rates'"),
        (lambda d: d.update(exchanges=["EX_b"]), "is damaged .*'EX_b' is no exchange"),
        (lambda d: d.pop("constraint"), "is damaged .KeyError: 'constraint'"),
    ],
)
def test_settings_that_cannot_be_are_refused(folder, change, message):
    edit(folder, "config.json", change)
    with pytest.raises(FolderError, match=message):
        FluxPredictor.load(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["metabolites"][0]["formula"].update(C=7.0),
        lambda d: d["exchanges"].pop(),
        lambda d: d["reactions"][0].update(bounds=[-3.0, 3.0]),
        lambda d: d["reactions"][0].update(bounds=[]),
        lambda d: d["reactions"].pop(),
        lambda d: d["stoichiometry"]["coefficient"].__setitem__(0, 2.0),
        lambda d: d["stoichiometry"]["coefficient"].__setitem__(0, "two"),
        lambda d: d.update(metabolites=3),
        lambda d: d.clear(),
    ],
)
def test_a_network_that_was_changed_is_refused(folder, change):
    edit(folder, "network.json", change)
    with pytest.raises(FolderError, match="damaged"):
        FluxPredictor.load(folder)


def test_a_folder_of_something_else_is_no_saved_predictor(folder):
    with pytest.raises(FolderError, match=r"is no saved predictor: it has no config\.json"):
        read_predictor(folder.parent)


def test_weights_of_another_network_are_refused(fitted, media, folder, tmp_path, network):
    other = network.knock_out(reactions=["s"])
    model = FluxPredictor(other, config=fitted.config, training=TrainingConfig(epochs=1))
    model.fit(media, simulate_fluxes(other, media).fluxes).save(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "weights.safetensors", folder)
    with pytest.raises(FolderError, match=r"weights\.safetensors' was trained on another network"):
        FluxPredictor.load(folder)


def test_a_place_that_cannot_be_written_is_refused(fitted, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(FolderError, match="cannot be written"):
        fitted.save(tmp_path / "file")
    with pytest.raises(FolderError, match="cannot be written"):
        fitted.save(tmp_path / "file" / "below")


def test_what_is_written_is_what_is_read(folder, tmp_path):
    saved = read_predictor(folder)
    write_predictor(tmp_path / "copy", saved)
    again = read_predictor(tmp_path / "copy")
    for name in ("names", "composition"):
        assert getattr(again, name) == getattr(saved, name)
    for name in ("inputs", "constraint", "seed", "config", "training"):
        assert getattr(again.setup, name) == getattr(saved.setup, name)
    assert again.network.fingerprint == saved.network.fingerprint
    pd.testing.assert_frame_equal(again.history, saved.history, check_exact=True)
    weights, copies = saved.model.state_dict(), again.model.state_dict()
    assert weights.keys() == copies.keys()
    assert all(torch.equal(copies[name], weights[name]) for name in weights)


def test_nothing_in_a_folder_can_run_code(folder):
    for path in folder.iterdir():
        content = path.read_bytes()
        # Zip and pickle, which torch.load would open, begin like this.
        assert not content.startswith((b"PK", b"\x80"))


def test_a_stop_while_it_is_saved_again_leaves_no_mixture(fitted, tmp_path, monkeypatch):
    real, other = os.replace, fitted.with_constraint("soft")

    def contents() -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    fitted.save(tmp_path)
    old, calls, stopped = contents(), 0, True
    while stopped:
        fitted.save(tmp_path)
        left = [calls]

        def replace(source, target, left=left):
            if not left[0]:
                raise KeyboardInterrupt
            left[0] -= 1
            real(source, target)

        with monkeypatch.context() as patched:
            patched.setattr(os, "replace", replace)
            try:
                other.save(tmp_path)
                stopped = False
            except KeyboardInterrupt:
                assert contents() == old or "config.json" not in contents()
        calls += 1
    assert calls > 4
    assert set(contents()) == set(old)
    assert FluxPredictor.load(tmp_path).constraint == "soft"


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("hidden_channels", 100_000, "its settings ask for .* weights or more"),
        ("steps", 10**9, "its settings ask for .* weights or more"),
        ("num_layers", 10**9, "its settings ask for .* weights or more"),
        ("steps", "3", "`steps` is '3' where a whole number"),
        ("steps", True, "`steps` is True where"),
        ("alpha_start", float("nan"), "`alpha_start` is nan where a finite number"),
    ],
)
def test_settings_are_checked_against_the_file_before_a_model_is_made(folder, name, value, message):
    edit(folder, "config.json", lambda document: document["config"].update({name: value}))
    with pytest.raises(FolderError, match=message):
        FluxPredictor.load(folder)


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_pipe_or_deep_nesting_in_a_folder_is_refused_and_blocks_nothing(folder, name):
    (folder / name).write_bytes(b"[" * 100_000)
    with pytest.raises(FolderError):
        FluxPredictor.load(folder)
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(FolderError):
        FluxPredictor.load(folder)


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["metabolites"][0].update(formula=True),
        lambda d: d["metabolites"][0].update(charge=float("inf")),
        lambda d: d["reactions"][0].update(role="other"),
        lambda d: d["reactions"][0].update(gene_rule=["not", "g", []]),
        lambda d: d["exchanges"].append("EX_none"),
        lambda d: d["aliases"].update(a=1),
        lambda d: d["notes"].append(3),
    ],
)
def test_a_network_whose_checksum_fits_is_checked_value_by_value(folder, change):
    edit(folder, "network.json", change)
    digest = hashlib.sha256((folder / "network.json").read_bytes()).hexdigest()
    edit(folder, "config.json", lambda document: document.update(network_sha256=digest))
    with pytest.raises(FolderError, match="is damaged"):
        FluxPredictor.load(folder)


@pytest.mark.parametrize(("value", "message"), [(float("nan"), "hold NaN or infinity in 'head.bias'"), (1e30, "")])
def test_weights_that_give_no_metric_are_refused(fitted, media, folder, value, message):
    tensors, document = read_tensors(folder / "weights.safetensors")
    tensors["head.bias"].fill_(value)
    tensors["head.bias"][0] = -value
    write_tensors(folder / "weights.safetensors", tensors, document)
    if message:
        with pytest.raises(FolderError, match=message):
            FluxPredictor.load(folder)
    else:
        with contextlib.suppress(InputError):
            FluxPredictor.load(folder).predict(media)


@pytest.fixture(scope="module")
def estimated() -> FluxPredictor:
    """A predictor that starts from a simple estimate of measured cells."""
    media, _, measured = wasteful()
    features = pd.DataFrame({"pH": np.linspace(5, 7, len(media)), "strain": ["x", "y"] * (len(media) // 2)})
    return small(cell()).fit(media, measured, features, groups=["p", "q", "r", "s"] * (len(media) // 4))


@pytest.fixture
def asked() -> tuple[pd.DataFrame, pd.DataFrame]:
    return wasteful(7, seed=3)[0], pd.DataFrame({"pH": np.linspace(5, 7, 7), "strain": list("xyxyxyx")})


def test_an_estimate_survives_to_the_last_digit(estimated, asked, tmp_path):
    media, features = asked
    estimated.save(tmp_path / "first")
    loaded = FluxPredictor.load(tmp_path / "first")
    loaded.save(tmp_path / "second")
    for again in (loaded, FluxPredictor.load(tmp_path / "second"), copy.deepcopy(estimated)):
        fluxes = [model.predict(media, features) for model in (again, estimated)]
        pd.testing.assert_frame_equal(*fluxes, check_exact=True)
        for level in (0.5, 0.9):
            ends = [model.predict_interval(media, level, features) for model in (again, estimated)]
            for one, other in zip(*ends, strict=True):
                pd.testing.assert_frame_equal(one, other, check_exact=True)
        drawn = [model.sample_fluxes(media, 3, features) for model in (again, estimated)]
        pd.testing.assert_frame_equal(*drawn, check_exact=True)
        pd.testing.assert_frame_equal(again.errors_, estimated.errors_, check_exact=True)
        pd.testing.assert_series_equal(again.estimate_, estimated.estimate_, check_exact=True)
        pd.testing.assert_series_equal(again.gains_, estimated.gains_, check_exact=True)
        told = [model.diagnose(media, features=features) for model in (again, estimated)]
        pd.testing.assert_frame_equal(*told, check_exact=True)
    for name in ("config.json", "estimate.safetensors", "network.json", "weights.safetensors"):
        assert (tmp_path / "first" / name).read_bytes() == (tmp_path / "second" / name).read_bytes(), name


def test_damage_to_an_estimate_is_refused(estimated, tmp_path):
    estimated.save(tmp_path)
    path = tmp_path / "estimate.safetensors"
    intact, random = path.read_bytes(), np.random.default_rng(1)
    for position in random.choice(len(intact), 30, replace=False):
        path.write_bytes(intact[:position] + bytes([intact[position] ^ 16]) + intact[position + 1 :])
        with pytest.raises(FolderError):
            FluxPredictor.load(tmp_path)
    for content in (b"", intact[:-1], intact[: len(intact) // 2]):
        path.write_bytes(content)
        with pytest.raises(FolderError, match=r"estimate\.safetensors"):
            FluxPredictor.load(tmp_path)
    # One that is whole, and not of this predictor.
    path.write_bytes(intact)
    tensors, origin = read_tensors(path)
    for name in tensors:
        if name == "known" or name.startswith(("calibration", "estimate:chosen.score", "estimate:chosen.share")):
            continue
        write_tensors(path, {key: tensor for key, tensor in tensors.items() if key != name}, origin)
        with pytest.raises(FolderError, match="train again"):
            FluxPredictor.load(tmp_path)


def test_a_network_alone_is_saved_with_its_intervals_once_they_were_asked_for(tmp_path):
    media, _, measured = wasteful()
    with pytest.warns(UserWarning, match="train for more epochs"):
        model = small(cell(), estimate=None).fit(media, measured)
    model.save(tmp_path)
    with pytest.raises(InputError, match=r"saved without them.*call `predict_interval` once before `save`"):
        FluxPredictor.load(tmp_path).predict_interval(media)
    ends = model.predict_interval(media)
    model.save(tmp_path)
    for one, other in zip(FluxPredictor.load(tmp_path).predict_interval(media), ends, strict=True):
        pd.testing.assert_frame_equal(one, other, check_exact=True)
