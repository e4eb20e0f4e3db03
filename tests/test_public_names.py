import importlib
import inspect
import pkgutil

import metagnn


def test_no_public_name_is_that_of_a_module_of_its_package():
    named = [name for name in metagnn.__all__ if not inspect.ismodule(getattr(metagnn, name)) and name[0] != "_"]
    assert len(named) > 30
    for name in named:
        home = importlib.import_module(getattr(metagnn, name).__module__.rpartition(".")[0])
        for package in (metagnn, home):
            assert name not in {module.name for module in pkgutil.iter_modules(package.__path__)}


def test_every_public_name_loads_and_the_layers_are_among_them():
    for name in metagnn.__all__:
        getattr(metagnn, name)
    layers = {
        "BalanceLoss", "BiomassComposition", "CO2Readout", "GrowthOptimum", "PolytopeProjection", "SteadyStateConv",
        "SteadyStateProjection", "StoichiometricConv", "UnrolledSplitting",
    }  # fmt: skip
    assert layers <= set(metagnn.__all__)
    assert sum(not inspect.ismodule(getattr(metagnn, name)) for name in metagnn.__all__) <= 41


def test_what_a_notebook_shows_is_short(core, tmp_path):
    media = metagnn.uniform_media({"EX_glc__D_e": (2.0, 10.0), "EX_o2_e": (1.0, 20.0)}, 20, seed=0)
    labels = metagnn.simulate_fluxes(core, media)
    conditions = metagnn.inputs.read_conditions(core, media, "max_uptake")
    observed = metagnn.datasets.read_targets(core, labels.fluxes, media.index).observed
    samples = metagnn.datasets.FluxBatch(conditions, observed)
    shown = {
        "MetabolicNetwork": core,
        "FluxBounds": core.bounds,
        "FluxSolutions": labels,
        "FluxDataset": metagnn.datasets.FluxDataset(samples),
        "FluxPredictor": metagnn.FluxPredictor(core),
        "Split": metagnn.datasets.split_media(core, media, "random"),
        "IdentifiabilityReport": metagnn.identifiability(core, ["EX_glc__D_e"], fluxes=["PGI"]),
        "SuggestedMedium": metagnn.suggest_medium(core, 5.0, {"EX_glc__D_e": 1.0}),
    }
    for name, value in shown.items():
        assert type(value).__name__ == name
        assert repr(value).startswith(f"{name}(")
        assert len(repr(value)) < 120
        assert "\n" not in repr(value)
        html = value._repr_html_()
        assert html.startswith("<table>")
        assert html.endswith("</table>")
        assert len(html) < 4000
    for value in (metagnn.graph.node_features(core), metagnn.graph.layout_network(core, reactions=["PGI"])):
        assert len(repr(value)) < 100
    assert "72" in core._repr_html_()
    assert "20 media, 95 reactions" in repr(labels)
