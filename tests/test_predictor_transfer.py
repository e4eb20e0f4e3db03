import numpy as np
import pandas as pd
import pytest
import torch

from metagnn.datasets import uniform_media
from metagnn.errors import InputError, TableError
from metagnn.fba import simulate_fluxes
from metagnn.models import FluxGNNConfig
from metagnn.network import MetabolicNetwork
from metagnn.predictor import FluxPredictor
from metagnn.testing import toy_network
from metagnn.training import TrainingConfig

MEDIA = uniform_media({"EX_glc__D_e": (3, 10), "EX_o2_e": (5, 20)}, 16)


def predictor(network: MetabolicNetwork, **choices: str) -> FluxPredictor:
    return FluxPredictor(network, config=FluxGNNConfig(4, 2, 6), training=TrainingConfig(epochs=2), **choices)


@pytest.fixture(scope="module")
def trained(core: MetabolicNetwork) -> FluxPredictor:
    return predictor(core, constraint="polytope").fit(MEDIA, simulate_fluxes(core, MEDIA).fluxes)


def test_on_its_own_network_and_media_it_is_the_same(core: MetabolicNetwork, trained: FluxPredictor) -> None:
    pd.testing.assert_frame_equal(
        trained.apply_to(core, MEDIA).predict(MEDIA), trained.predict(MEDIA), check_exact=True
    )


def test_a_knocked_out_network_is_obeyed_and_the_trained_one_left_as_it_was(
    core: MetabolicNetwork, trained: FluxPredictor
) -> None:
    before = trained.predict(MEDIA)
    other = trained.apply_to(core.knock_out(["PGI", "PFL"]), MEDIA)
    fluxes, laws = other.predict(MEDIA), other.diagnose(MEDIA)
    assert np.abs(fluxes[["PGI", "PFL"]]).max(axis=None) < 1e-6
    assert laws["max_abs_sv"].max() < 1e-6
    assert laws["max_bound_violation"].max() < 1e-6
    pd.testing.assert_frame_equal(trained.predict(MEDIA), before, check_exact=True)


def test_a_network_of_other_reactions_exchanges_and_order_gets_the_same_weights(
    trained: FluxPredictor, tmp_path
) -> None:
    equations = {"growth": "2 b ->", "s": "a + o -> 3 b", "EX_o": "o <=>", "EX_a": "a <=>", "r": "a -> 2 b"}
    toy = toy_network(equations, "growth", {"EX_a": (-10, 1000), "EX_o": (-10, 1000)})
    media = uniform_media({"EX_o": (0, 10), "EX_a": (1, 10)}, 12)
    other = trained.apply_to(toy, media)
    weights = zip(other.model.state_dict().items(), trained.model.state_dict().values(), strict=True)
    assert all(torch.equal(one, same) for (_, one), same in weights)
    assert list(other.predict(media).columns) == list(equations)
    assert other.diagnose(media)["max_bound_violation"].max() < 1e-6
    other.save(tmp_path / "model")
    loaded = FluxPredictor.load(tmp_path / "model", network=toy)
    pd.testing.assert_frame_equal(loaded.predict(media), other.predict(media), check_exact=True)


def test_permuted_reactions_get_permuted_fluxes(trained: FluxPredictor) -> None:
    equations = {"EX_a": "a <=>", "EX_o": "o <=>", "r": "a -> 2 b", "s": "a + o -> 3 b", "growth": "2 b ->"}
    media = uniform_media({"EX_o": (0, 10), "EX_a": (1, 10)}, 12)
    names = list(equations)[::-1]
    one, other = (
        trained.apply_to(toy_network(e, "growth", {"EX_a": (-10, 1000)}), media).predict(media)
        for e in (equations, {name: equations[name] for name in names})
    )
    assert np.abs(one[names] - other).max(axis=None) < 1e-3


def test_what_cannot_be_applied_is_refused(core: MetabolicNetwork, trained: FluxPredictor) -> None:
    toy = toy_network({"EX_glc": "a <=>", "growth": "a ->"}, "growth")
    with pytest.raises(
        TableError, match=r"column 'EX_glc__D_e': no exchange of toy is 'EX_glc__D_e'; did you mean EX_glc\?"
    ):
        trained.apply_to(toy, MEDIA)
    with pytest.raises(InputError, match="the predictor was not fitted; call `fit` first"):
        predictor(core).apply_to(core, MEDIA)
    fitted = predictor(core, composition="elemental").fit(MEDIA, simulate_fluxes(core, MEDIA).fluxes)
    with pytest.raises(InputError, match="`composition` is 'elemental': what was fitted is the biomass of e_coli_core"):
        fitted.apply_to(core, MEDIA)


def test_knockouts_in_a_table_are_obeyed_and_scored(core: MetabolicNetwork, trained: FluxPredictor) -> None:
    table = MEDIA.assign(knockout=["PGI", "", "b0728;b0729", None] * 4)
    model = predictor(core, constraint="polytope").fit(table, simulate_fluxes(core, table).fluxes)
    for fitted in (model, trained):
        fluxes = fitted.predict(table)
        assert np.abs(fluxes["PGI"][::4]).max() < 1e-6
        # Both subunits of succinyl-CoA synthetase.
        assert np.abs(fluxes["SUCOAS"][2::4]).max() < 1e-6
        assert fitted.diagnose(table)["max_bound_violation"].max() < 1e-6
        assert np.isfinite(fitted.score(table, simulate_fluxes(core, table).fluxes))
    wild_type = [row for row in range(16) if row % 4 in (1, 3)]
    same = trained.predict(table).iloc[wild_type] - trained.predict(MEDIA).iloc[wild_type]
    assert np.abs(same).max(axis=None) < 1e-6
