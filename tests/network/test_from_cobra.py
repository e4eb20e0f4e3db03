import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import cobra
import cobra.io
import numpy as np
import pytest
import torch

from metagnn.errors import ModelWarning, NetworkError
from metagnn.network import MetabolicNetwork, from_cobra, load_network

WRITERS: dict[str, Callable[[cobra.Model, str], None]] = {
    ".xml": cobra.io.write_sbml_model,
    ".xml.gz": cobra.io.write_sbml_model,
    ".json": cobra.io.save_json_model,
    ".mat": cobra.io.save_matlab_model,
    ".yml": cobra.io.save_yaml_model,
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("models")
    model = cobra.io.load_model("textbook")
    for ending, write in WRITERS.items():
        write(model, str(folder / f"core{ending}"))
    return {ending: folder / f"core{ending}" for ending in WRITERS}


def small_model() -> cobra.Model:
    model = cobra.Model("small")
    a, b = cobra.Metabolite("a_e", formula="C2", compartment="e"), cobra.Metabolite("b_c", compartment="c")
    intake, growth = cobra.Reaction("EX_a_e", lower_bound=-5, upper_bound=1000), cobra.Reaction("growth")
    intake.add_metabolites({a: -1})
    growth.add_metabolites({a: -1, b: 2})
    sink = cobra.Reaction("sink")
    sink.add_metabolites({b: -1})
    model.add_reactions([intake, growth, sink])
    model.objective = "growth"
    return model


@pytest.mark.parametrize("ending", list(WRITERS))
def test_every_format_loads_to_the_same_network(ending, files, core: MetabolicNetwork):
    network = load_network(files[ending])
    assert (network.reactions, network.metabolites, network.exchanges) == (
        core.reactions,
        core.metabolites,
        core.exchanges,
    )
    assert torch.equal(network.stoichiometry.to_dense(), core.stoichiometry.to_dense())
    np.testing.assert_array_equal(network.bounds.lower, core.bounds.lower)
    np.testing.assert_array_equal(network.bounds.upper, core.bounds.upper)
    assert network.growth_reaction == core.growth_reaction
    assert network.genes == core.genes
    assert torch.equal(network.element_balance("C").to_dense(), core.element_balance("C").to_dense())


@pytest.mark.parametrize("part", [0.3, 0.9])
@pytest.mark.parametrize("ending", list(WRITERS))
def test_a_truncated_file_is_refused(ending, part, files, tmp_path: Path):
    whole = files[ending].read_bytes()
    cut = tmp_path / f"cut{ending}"
    cut.write_bytes(whole[: int(len(whole) * part)])
    with pytest.raises(NetworkError, match=r"cut.* cannot be read as a model: it is truncated, damaged"):
        load_network(cut)


@pytest.mark.parametrize("ending", list(WRITERS))
def test_a_file_that_is_no_model_is_refused(ending, tmp_path: Path):
    path = tmp_path / f"shopping{ending}"
    path.write_text("milk: 2\n")
    with pytest.raises(NetworkError, match=r"shopping.* cannot be read as a model"):
        load_network(path)
    path.write_bytes(b"")
    with pytest.raises(NetworkError, match=r"shopping.* is empty; expected a model"):
        load_network(path)
    path.unlink()
    with pytest.raises(NetworkError, match=r"no model file at .*shopping"):
        load_network(path)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("e_coli_cor", "'e_coli_cor' is no known model and no file; did you mean 'e_coli_core'"),
        ("ijo1366", "did you mean 'iJO1366'"),
        ("zzz", "expected one of 'e_coli_core', 'iJO1366', 'salmonella'"),
    ],
)
def test_an_unknown_name_gets_the_nearest(name, message):
    with pytest.raises(NetworkError, match=message):
        load_network(name)


def test_other_sources_are_refused(tmp_path: Path):
    with pytest.raises(NetworkError, match="no model file at"):
        load_network(tmp_path)
    table = tmp_path / "media.csv"
    table.write_text("EX_glc__D_e\n1\n")
    with pytest.raises(NetworkError, match=r"unknown ending; expected one of \.xml"):
        load_network(table)


def test_a_model_without_reactions_is_refused(tmp_path: Path):
    with pytest.raises(NetworkError, match="no reactions"):
        load_network(cobra.Model("empty"))
    path = tmp_path / "empty.json"
    cobra.io.save_json_model(cobra.Model("empty"), str(path))
    with pytest.raises(NetworkError, match="holds a model without reactions"):
        load_network(path)


def test_bounds_that_contradict_are_refused(tmp_path: Path):
    path = tmp_path / "model.json"
    cobra.io.save_json_model(small_model(), str(path))
    text = path.read_text()
    assert '"lower_bound":-5' in text.replace(" ", "")
    for bad in ("2000", "NaN"):
        path.write_text(text.replace("-5", bad))
        with pytest.raises(NetworkError):
            load_network(path)
    model = small_model()
    model.reactions.growth._lower_bound = 2000.0
    with pytest.raises(NetworkError, match=r"bounds of 'growth' are \[2000, 1000\]"):
        from_cobra(model)
    model.reactions.growth._lower_bound = float("nan")
    with pytest.raises(NetworkError, match="bounds of 'growth' are"):
        from_cobra(model)


def test_infinite_bounds_stay_infinite():
    model = small_model()
    model.reactions.growth.upper_bound = float("inf")
    assert from_cobra(model).bounds.upper.tolist() == [1000.0, np.inf, 1000.0]


def test_objectives_are_what_the_model_maximises():
    model = small_model()
    assert from_cobra(model).objective == {"growth": 1.0}
    model.objective_direction = "min"
    with pytest.raises(NetworkError, match="minimises 'growth'"):
        _ = from_cobra(model).growth_reaction
    model.objective = {model.reactions.growth: 1.0, model.reactions.sink: 2.0}
    model.objective_direction = "max"
    with pytest.raises(NetworkError, match="2 reactions"):
        _ = from_cobra(model).growth_reaction
    model.objective = {}
    with pytest.raises(NetworkError, match="small has no objective"):
        _ = from_cobra(model).growth_reaction


def test_a_model_without_exchanges_or_formulas_still_multiplies():
    model = small_model()
    model.remove_reactions(["EX_a_e"])
    network = from_cobra(model)
    assert network.stoichiometry(torch.tensor([1.0, 2.0])).tolist() == [-1.0, 0.0]
    assert network.exchanges == ("sink",)
    model.remove_reactions(["sink"])
    with pytest.raises(NetworkError, match="small has no exchange reactions"):
        from_cobra(model).require_exchanges()
    # What growth makes and nothing else uses is biomass, and holds nothing; what it takes needs a formula.
    bare = small_model()
    bare.metabolites.get_by_id("a_e").formula = None
    with pytest.raises(NetworkError, match="'a_e' cross its border with no formula"):
        from_cobra(bare).element_balance("C")


def test_translation_reads_and_does_not_change_the_model():
    model = small_model()
    before = cobra.io.to_json(model)
    network = from_cobra(model)
    network.knock_out(reactions=["growth"]).with_medium({"EX_a_e": 1.0})
    assert cobra.io.to_json(model) == before
    assert network.metabolite_table[0].formula == {"C": 2.0}
    assert network.metabolite_table[1].formula is None
    assert network.exchanges == ("EX_a_e", "sink")
    assert network.outside_exchanges == ("EX_a_e",)


def test_bundled_networks_load_by_name(core: MetabolicNetwork):
    assert load_network("textbook").id == core.id == "e_coli_core"
    assert load_network(cobra.io.load_model("textbook")).reactions == core.reactions


def test_another_organism_loads_and_balances():
    salmonella = load_network("salmonella")
    operator = salmonella.stoichiometry
    model_size = len(salmonella.metabolites), len(salmonella.reactions)
    assert operator.shape == model_size
    assert model_size > (1000, 1000)
    assert salmonella.growth_reaction in salmonella.reactions
    fluxes = torch.randn(len(salmonella.reactions), dtype=torch.float64)
    assert torch.allclose(operator(fluxes), operator.to_dense() @ fluxes, atol=1e-9)


def test_networks_can_be_sent_to_other_processes(core: MetabolicNetwork):
    sent = pickle.loads(pickle.dumps(core))
    assert sent.fingerprint == core.fingerprint


def test_notes_are_raised_once_and_kept(tmp_path: Path):
    model = small_model()
    model.metabolites.a_e.formula = "(C2)n"
    path = tmp_path / "m.json"
    cobra.io.save_json_model(model, str(path))
    for source in (path, str(path), model):
        with pytest.warns(ModelWarning, match=r"^small: 1 formula not understood.*'a_e' \('\(C2\)n'\)") as raised:
            network = load_network(source)
        assert len(raised) == 1
        assert network.notes == ("1 formula not understood, counted as unknown: 'a_e' ('(C2)n')",)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_network("e_coli_core")


def test_growth_is_chosen_by_id_or_alias(core: MetabolicNetwork):
    assert load_network("e_coli_core", growth="ATPM").objective == {"ATPM": 1.0}
    assert load_network("e_coli_core", growth="BIOMASS_Ecoli_core_w_GAM").growth_reaction == "Biomass_Ecoli_core"
    assert load_network(core) is core
    assert load_network(core, growth="ATPM").growth_reaction == "ATPM"
    assert load_network(small_model(), growth="sink").growth_reaction == "sink"
    for source in ("e_coli_core", core):
        with pytest.raises(NetworkError, match="`growth`: 'ATPN' is no reaction of e_coli_core; did you mean 'ATPM'"):
            load_network(source, growth="ATPN")


def test_errors_of_a_file_begin_with_its_path(tmp_path: Path):
    path = tmp_path / "m.json"
    cobra.io.save_json_model(small_model(), str(path))
    path.write_text(path.read_text().replace('"lower_bound":-5', '"lower_bound":5000'))
    with pytest.raises(NetworkError, match=r"^'.*m\.json': bounds of 'EX_a_e' are \[5000, 1000\]"):
        load_network(path)


def test_cobra_is_not_imported_for_names_and_files(tmp_path: Path, files: dict[str, Path]):
    code = (
        "import sys, metagnn\n"
        f"for source in ('e_coli_core', {str(files['.json'])!r}, {str(files['.mat'])!r}):\n"
        "    metagnn.load_network(source)\n"
        "assert 'cobra' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
