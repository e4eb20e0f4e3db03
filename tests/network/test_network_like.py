import importlib
import inspect
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cobra.io
import networkx
import numpy as np
import pandas as pd
import pytest
import torch
from torch_geometric.data import HeteroData

import metagnn
from metagnn import analysis, datasets, fba, graph, models, nn, plots, training
from metagnn.analysis.reconciliation import Reconciler
from metagnn.analysis.reconciliation.closures import closures
from metagnn.datasets import rates
from metagnn.datasets.rates.rate_table import RateTable
from metagnn.errors import NetworkError
from metagnn.inputs import AbstractInputKind, read_conditions
from metagnn.models import FluxPrediction
from metagnn.network import MetabolicNetwork, NetworkLike, as_network, network_to_document
from metagnn.network.conditions import Conditions
from metagnn.training import TrainingConfig

PACKAGES = (
    "analysis", "datasets", "datasets.rates", "fba", "graph", "inputs", "losses", "models", "network", "nn", "plots",
    "training",
)  # fmt: skip
GLC, O2 = "EX_glc__D_e", "EX_o2_e"


@pytest.fixture(scope="module")
def model() -> cobra.Model:
    return cobra.io.load_model("textbook")


def test_a_network_passes_through_and_everything_else_is_loaded(core: MetabolicNetwork, model, tmp_path: Path):
    assert as_network(core) is core
    path = tmp_path / "core.json"
    cobra.io.save_json_model(model, str(path))
    for source in ("e_coli_core", model, path, str(path)):
        assert as_network(source).fingerprint == core.fingerprint


@pytest.mark.parametrize("wrong", [None, 3, {"id": "e_coli_core"}])
def test_another_type_is_refused(wrong: object):
    with pytest.raises(NetworkError, match=r"`network` is a \w+; expected a MetabolicNetwork, a name, a path or a cob"):
        as_network(wrong)  # type: ignore[arg-type]


def test_a_misspelt_name_is_refused_wherever_it_enters():
    with pytest.raises(NetworkError, match="'e_coli_cor' is no known model and no file; did you mean 'e_coli_core'"):
        metagnn.to_hetero_data("e_coli_cor")


def public_names() -> Iterator[tuple[str, Callable[..., Any]]]:
    for package in ("", *PACKAGES):
        module = importlib.import_module(f"metagnn.{package}".removesuffix("."))
        for name in metagnn.__all__ if not package else [name for name in vars(module) if not name.startswith("_")]:
            value = getattr(module, name)
            if inspect.isclass(value) and issubclass(value, Exception):
                continue
            # A kind of inputs is asked by a predictor only, with a network that it has prepared.
            if value is AbstractInputKind:
                continue
            if callable(value) and getattr(value, "__module__", "").removeprefix("metagnn.").startswith(
                (*PACKAGES, "predictor")
            ):
                yield value.__qualname__, value
                for method, function in inspect.getmembers(value, inspect.isfunction) if inspect.isclass(value) else ():
                    if not method.startswith("_"):
                        # By where it is defined: models inherit most.
                        yield function.__qualname__, function


def taking_a_network() -> set[str]:
    found = set()
    for name, value in public_names():
        signature = inspect.signature(value, eval_str=False)
        annotation = str(getattr(signature.parameters.get("network"), "annotation", ""))
        if annotation:
            # The type checker of the tests may have resolved the alias.
            assert annotation == "NetworkLike" or annotation == str(NetworkLike), f"{name}: {annotation}"
            found.add(name)
    return found


@pytest.fixture(scope="module")
def given(core: MetabolicNetwork) -> SimpleNamespace:
    """Media and measured fluxes of a few samples."""
    media = metagnn.uniform_media({GLC: (2.0, 10.0), O2: (1.0, 20.0)}, 12, seed=0)
    fluxes = metagnn.simulate_fluxes(core, media).fluxes
    measured = np.full(fluxes.shape, np.nan)
    at = [*core.exchange_indices, core.reaction_index(core.growth_reaction)]
    measured[:, at] = fluxes.to_numpy()[:, at]
    lower, upper = core.uptake_bounds(list(media), media.to_numpy())
    names = tuple(core.reactions[index] for index in at)
    table = RateTable(
        tuple(map(str, range(12))), names, measured[:, at], np.maximum(0.05 * np.abs(measured[:, at]), 0.01)
    )
    return SimpleNamespace(
        media=media, fluxes=fluxes, measured=measured, lower=lower, upper=upper, table=table, names=names,
        deviation=np.where(np.isnan(measured), np.nan, np.maximum(0.05 * np.abs(measured), 0.01)),
    )  # fmt: skip


SMALL = models.FluxGNNConfig(hidden_channels=4, num_layers=1, steps=4)


def batch_of(given: SimpleNamespace) -> datasets.FluxBatch:
    lower, upper, measured, deviation, fluxes = map(
        torch.from_numpy, (given.lower, given.upper, given.measured, given.deviation, given.fluxes.to_numpy())
    )
    return datasets.FluxBatch(Conditions(lower, upper, measured, deviation), fluxes)


def seeded(make: Callable[[], Any]) -> Any:
    """The fluxes of a model whose weights are drawn anew, the same every time."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        return make().fluxes


def prepared(network: Any, given: SimpleNamespace) -> Any:
    """The state of a model that was prepared."""
    batch = batch_of(given)

    def make() -> Any:
        made = models.FluxGNN("e_coli_core")
        made.prepare(network, batch.conditions)
        return SimpleNamespace(fluxes=[dict(made.named_buffers()), dict(made.named_parameters())])

    return seeded(make)


def terms_of(terms: Any, given: SimpleNamespace) -> Any:
    """The value of every term, on noisy fluxes."""
    wrong = FluxPrediction(torch.from_numpy(given.fluxes.to_numpy()) + torch.arange(95), 12)
    return {name: (weight, term(wrong, batch_of(given))) for name, (weight, term) in terms.items()}


def fitted(given: SimpleNamespace) -> metagnn.FluxPredictor:
    made = metagnn.FluxPredictor("e_coli_core", config=SMALL, training=TrainingConfig(epochs=1))
    return made.fit(given.media, given.fluxes)


Call = Callable[[Any, SimpleNamespace, Path], Any]

CALLS: dict[str, Call] = {
    "alpha_from_electrons": lambda n, g, p: analysis.alpha_from_electrons(n, 170.0),
    "content_by_regression": lambda n, g, p: analysis.content_by_regression(n, "C", g.fluxes.to_numpy()),
    "contents_by_reconciliation": lambda n, g, p: analysis.contents_by_reconciliation(n, g.measured, g.deviation),
    "bottlenecks": lambda n, g, p: metagnn.bottlenecks(n, g.media.iloc[:2]),
    "reduced_costs": lambda n, g, p: analysis.reduced_costs(n, g.media),
    "shadow_prices": lambda n, g, p: analysis.shadow_prices(n, g.media),
    "suggest_medium": lambda n, g, p: metagnn.suggest_medium(n, 5.0, {GLC: 1.0}),
    "identifiability": lambda n, g, p: metagnn.identifiability(n, [GLC, O2], fluxes="exchanges").table(),
    "moma": lambda n, g, p: metagnn.moma(n, g.fluxes.iloc[:2], reactions=["PGI"]),
    "reconcile_rates": lambda n, g, p: metagnn.reconcile_rates(n, (g.lower, g.upper), g.measured, g.deviation),
    "reconcile": lambda n, g, p: metagnn.reconcile(n, g.table, metagnn.ReconcileOptions(ranges=False))[1].fluxes,
    "split_media": lambda n, g, p: datasets.split_media(n, g.media, "random"),
    "random_knockouts": lambda n, g, p: datasets.random_knockouts(n, g.media, among=["PGI", "PFK"]),
    "simulate_to_file": lambda n, g, p: (
        datasets.simulate_to_file(n, g.media, "fba", p / "labels.csv", force=True),
        pd.read_csv(p / "labels.csv"),
    )[1],
    "read_rates": lambda n, g, p: metagnn.read_rates(n, g.fluxes[[GLC, O2]]),
    "RateReader": lambda n, g, p: rates.RateReader(n, [GLC, O2]).read(g.fluxes[[GLC, O2]]),
    "RateTable.on_network": lambda n, g, p: g.table.on_network(n),
    "ExchangeNames": lambda n, g, p: rates.ExchangeNames(n).find("glucose", "glucose"),
    "without_sentinels": lambda n, g, p: rates.without_sentinels(n, g.table),
    "present_exchanges": lambda n, g, p: rates.present_exchanges(n, ~np.isnan(g.measured).all(axis=0)),
    "read_conditions": lambda n, g, p: read_conditions(n, g.media, "max_uptake"),
    "read_targets": lambda n, g, p: datasets.read_targets(n, g.fluxes, g.fluxes.index),
    "FeasibilityScreen": lambda n, g, p: fba.FeasibilityScreen(n).feasible(g.lower, g.upper),
    "FluxSimulator": lambda n, g, p: fba.FluxSimulator(n, list(g.media), "fba").solve(g.media.to_numpy()),
    "open_carbon_sources": lambda n, g, p: fba.open_carbon_sources(n, [O2]),
    "simulate_fluxes": lambda n, g, p: metagnn.simulate_fluxes(n, g.media).fluxes,
    "dispensable_reactions": lambda n, g, p: fba.dispensable_reactions(n, g.media.iloc[:1]),
    "node_features": lambda n, g, p: graph.node_features(n),
    "to_hetero_data": lambda n, g, p: metagnn.to_hetero_data(n),
    "layout_network": lambda n, g, p: graph.layout_network(n, reactions=["PGI", "PFK", "FBA"]),
    "subsystems": lambda n, g, p: graph.subsystems(n),
    "to_networkx": lambda n, g, p: metagnn.to_networkx(n),
    "as_network": lambda n, g, p: as_network(n).fingerprint,
    "network_to_document": lambda n, g, p: network_to_document(n),
    "BiomassComposition": lambda n, g, p: nn.BiomassComposition(n, "elemental")(),
    "CO2Readout": lambda n, g, p: nn.CO2Readout(n)(torch.from_numpy(g.fluxes.to_numpy())),
    "GrowthOptimum": lambda n, g, p: nn.GrowthOptimum(n)(torch.from_numpy(g.lower), torch.from_numpy(g.upper)),
    "draw_simulated": lambda n, g, p: [ax.get_ylabel() for ax in plots.draw_simulated(n, g.fluxes).axes],
    "draw_reconciliation": lambda n, g, p: [
        ax.get_title()
        for ax in plots.draw_reconciliation(
            n, metagnn.reconcile("e_coli_core", g.table, metagnn.ReconcileOptions(ranges=False))[1]
        ).axes
    ],
    "Reconciler": lambda n, g, p: Reconciler(n, g.table, metagnn.ReconcileOptions(ranges=False)).hide,
    "AbstractConstraint.relax": lambda n, g, p: models.Polytope("free", (O2,)).relax(n).bounds.lower,
    "Soft.loss_terms": lambda n, g, p: terms_of(models.Soft().loss_terms(n, TrainingConfig()), g),
    "SteadyState.loss_terms": lambda n, g, p: terms_of(models.SteadyState().loss_terms(n, TrainingConfig()), g),
    "default_objective": lambda n, g, p: training.default_objective(n, "soft", torch.ones(95), TrainingConfig())(
        FluxPrediction(torch.from_numpy(g.fluxes.to_numpy()), 12), batch_of(g)
    ),
    "AbstractFluxModel.prepare": lambda n, g, p: prepared(n, g),
    "FluxGNN.prepare": lambda n, g, p: prepared(n, g),
    "FluxGNN": lambda n, g, p: seeded(lambda: models.FluxGNN(n, [GLC, O2], "soft", SMALL)(batch_of(g).conditions)),
    "BalanceMLP": lambda n, g, p: seeded(
        lambda: models.BalanceMLP(n, [GLC, O2], torch.from_numpy(g.measured))(batch_of(g).conditions)
    ),
    "MediumGNN": lambda n, g, p: seeded(
        lambda: models.MediumGNN(n, [GLC, O2], models.MediumGNNConfig(4, 1))(batch_of(g).conditions)
    ),
    "FluxPredictor": lambda n, g, p: metagnn.FluxPredictor(n).get_params()["network"].fingerprint,
    "FluxPredictor.apply_to": lambda n, g, p: fitted(g).apply_to(n, g.media).predict(g.media),
    "closures": lambda n, g, p: closures(n, g.measured),
}


def test_every_public_function_with_a_network_is_called_below():
    assert taking_a_network() - set(CALLS) == set()
    assert len(taking_a_network()) > 30


def flatten(value: Any) -> Any:
    """A result as lists, numbers and text, by which two can be compared."""
    if isinstance(value, torch.Tensor):
        return value.detach().tolist()
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (pd.DataFrame, pd.Series)):
        return value.to_dict()
    if isinstance(value, HeteroData):
        return flatten(value.to_dict())
    if isinstance(value, networkx.Graph):
        return networkx.node_link_data(value, edges="edges")
    if is_dataclass(value):
        return {field.name: flatten(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, dict):
        return {key: flatten(entry) for key, entry in value.items()}
    return [flatten(entry) for entry in value] if isinstance(value, (list, tuple)) else value


@pytest.mark.parametrize("name", CALLS)
def test_a_name_a_cobra_model_and_a_network_give_the_same(
    name: str, core: MetabolicNetwork, model: cobra.Model, given: SimpleNamespace, tmp_path: Path
):
    results = [repr(flatten(CALLS[name](source, given, tmp_path))) for source in (core, "e_coli_core", model)]
    assert results[0] == results[1] == results[2]
    assert " object at 0x" not in results[0]
