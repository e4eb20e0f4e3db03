"""Folders of saved predictors of the toy model, without training: what is read is the same."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import pandas as pd

from metagnn.fitted_predictor import FittedPredictor
from metagnn.inputs.names import InputNames
from metagnn.models.constraint import as_constraint
from metagnn.models.flux_gnn import FluxGNNConfig
from metagnn.models.medium_gnn import MediumGNNConfig
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.predictor_setup import PredictorSetup
from metagnn.saved_predictor import write_predictor
from metagnn.training.config import TrainingConfig

CASES = (
    ("max_uptake", "steady_state", "fixed"),
    ("max_uptake", "polytope", "elemental"),
    ("rates", "steady_state", "elemental"),
    ("present", "steady_state", "fixed"),
)
"""Kinds of inputs, constraints and compositions of the folders."""

INPUTS = {
    "max_uptake": "EX_glc_e,EX_o2_e\n10,20\n",
    "rates": "EX_glc_e,EX_o2_e\n-5,-12\n",
    "present": "EX_glc_e,EX_o2_e\n1,1\n",
}
"""A row to predict, by kind of input."""


def predictor_folders(network: MetabolicNetwork) -> list[tuple[str, dict[str, bytes]]]:
    """Kind of inputs and files of each folder."""
    return [(case[0], _files(network, *case)) for case in CASES]


def _files(network: MetabolicNetwork, kind: str, constraint: str, composition: str) -> dict[str, bytes]:
    config = MediumGNNConfig(4, 1) if kind == "present" else FluxGNNConfig(4, 1, 4)
    setup = PredictorSetup(network, kind, as_constraint(constraint), composition, 0, config, TrainingConfig(epochs=1))
    names = InputNames(("EX_glc_e", "EX_o2_e"), ("EX_glc_e", "EX_o2_e"))
    model = setup.new_model(names)
    table = pd.DataFrame(
        {name: [float(x)] for name, x in zip(names.columns, INPUTS[kind].split()[1].split(","), strict=True)}
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.prepare(setup.relaxed, setup.read(table))
    history = pd.DataFrame({"epoch": [0], "loss": [1.0]})
    composed = None
    with tempfile.TemporaryDirectory() as folder:
        write_predictor(Path(folder) / "saved", FittedPredictor(setup, model, names, history, composed))
        return {path.name: path.read_bytes() for path in sorted((Path(folder) / "saved").iterdir())}
