import cobra
import numpy as np
import pytest
import scipy.io

from metagnn.network import MetabolicNetwork, load_network, network_to_document
from metagnn.network.document import network_from_document
from metagnn.network.reader.identifiers import read_identifiers

WANTED = ("chebi:17634", "kegg:C00031")


@pytest.mark.parametrize(
    "annotation",
    [
        ["http://identifiers.org/kegg.compound/C00031", "https://identifiers.org/chebi/CHEBI:17634"],
        ["https://identifiers.org/kegg.compound:C00031", "http://identifiers.org/CHEBI:17634", "urn:miriam:sbo:1"],
        ["urn:miriam:kegg.compound:C00031", "urn:miriam:chebi:CHEBI%3A17634"],
        {"kegg.compound": "C00031", "chebi": ["CHEBI:17634"], "sbo": "SBO:0000247"},
        {"KEGG.compound": ["C00031"], "chebi": [["is", "CHEBI:17634"]]},
        [["KEGG Compound", "x"], ["kegg.compound", "http://identifiers.org/kegg.compound/C00031"], ["chebi", "17634"]],
        [{"kegg.compound": "C00031"}, {"chebi": "CHEBI:17634"}],
    ],
)
def test_every_way_to_write_them(annotation: object):
    assert read_identifiers(annotation) == WANTED


@pytest.mark.parametrize("annotation", [None, {}, [], "text", 3, {"kegg.compound": None}, {"kegg": [""]}])
def test_nothing_is_no_error(annotation: object):
    assert read_identifiers(annotation) == ()


def tiny() -> cobra.Model:
    model = cobra.Model("tiny")
    sugar = cobra.Metabolite("x_e", name="x", compartment="e", formula="C6H12O6")
    sugar.annotation = {"kegg.compound": "C00031", "chebi": ["CHEBI:17634"]}
    inside = cobra.Metabolite("x_c", name="x", compartment="c", formula="C6H12O6")
    inside.annotation = dict(sugar.annotation)
    exchange, uptake, growth = (cobra.Reaction(name) for name in ("EX_x_e", "XT", "growth"))
    model.add_reactions([exchange, uptake, growth])
    exchange.add_metabolites({sugar: -1})
    exchange.lower_bound = -10
    uptake.add_metabolites({sugar: -1, inside: 1})
    growth.add_metabolites({inside: -1})
    model.objective = growth
    return model


def check(network: MetabolicNetwork) -> None:
    known = {metabolite.id: metabolite.identifiers for metabolite in network.metabolite_table}
    # Growth drains x_c, so that it crosses the border too.
    assert known["x_e"] == WANTED
    assert network.exchange_names.find("glucose", "x") == "EX_x_e"


def test_the_identifiers_of_every_format_are_kept(tmp_path):
    model = tiny()
    check(load_network(model))
    cobra.io.save_json_model(model, str(tmp_path / "m.json"))
    cobra.io.write_sbml_model(model, str(tmp_path / "m.xml"))
    cobra.io.save_yaml_model(model, str(tmp_path / "m.yml"))
    for name in ("m.json", "m.xml", "m.yml"):
        check(load_network(tmp_path / name))


def test_the_fields_of_matlab_are_read(tmp_path):
    def cells(*texts: str) -> np.ndarray:
        return np.array([[text] for text in texts], dtype=object)

    fields = {
        "S": np.array([[-1.0, -1.0, 0.0], [0.0, 1.0, -1.0]]), "mets": cells("x[e]", "x[c]"),
        "rxns": cells("EX_x(e)", "XT", "growth"), "lb": np.array([[-10.0], [0.0], [0.0]]),
        "ub": np.full((3, 1), 1000.0), "c": np.array([[0.0], [0.0], [1.0]]),
        "metKEGGID": cells("C00031", ""), "metChEBIID": cells("CHEBI:17634", ""),
    }  # fmt: skip
    scipy.io.savemat(tmp_path / "m.mat", {"model": fields})
    network = load_network(tmp_path / "m.mat")
    assert network.metabolite_table[0].identifiers == WANTED
    assert network.exchange_names.find("glucose", "x") == "EX_x(e)"


def test_a_saved_network_keeps_them():
    network = load_network(tiny())
    again = network_from_document(network_to_document(network))
    assert again.metabolite_table == network.metabolite_table
