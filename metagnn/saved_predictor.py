"""A predictor on disk: weights in safetensors, settings and network in JSON; nothing is ever unpickled."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from torch import Tensor

from metagnn.analysis.composition.fitted_composition import Composition
from metagnn.errors import FolderError
from metagnn.files.output import replace_file
from metagnn.files.tensor_file import read_tensors, write_tensors
from metagnn.fitted_predictor import FittedPredictor
from metagnn.inputs.kinds import input_kind
from metagnn.models.constraint import as_constraint, constraint_from_document
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.network.document import network_from_document, network_to_document
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.training.config import TrainingConfig

WEIGHTS, CONFIG, NETWORK, HISTORY = "weights.safetensors", "config.json", "network.json", "history.csv"
FORMAT = 2


@dataclass(frozen=True, eq=False)
class SavedPredictor:
    """What a folder holds.

    Attributes:
        network: The network that the predictor was trained on.
        parameters: What else the predictor was made with, by name.
        exchanges: Exchanges that the inputs of the fit named.
        columns: All columns of these inputs.
        composition: Alpha and beta, where they were fitted.
        weights: State of the model, and tensors beside it.
        history: Terms of the objective by epoch.
    """

    network: MetabolicNetwork
    parameters: dict[str, Any]
    exchanges: tuple[str, ...]
    columns: tuple[str, ...]
    composition: Composition | None
    weights: dict[str, Tensor]
    history: pd.DataFrame

    def load_into(self, model: AbstractFluxModel) -> None:
        """Give a model the saved weights.

        Raises:
            FolderError: They are those of another model.
        """
        weights = dict(self.weights)
        try:
            for name in model.beside:
                getattr(model, name).copy_(weights.pop(name))
            model.load_state_dict(weights)
        except (KeyError, RuntimeError) as error:
            raise FolderError(f"the saved weights do not fit their settings: {str(error).splitlines()[-1]}") from error


def write_predictor(
    folder: Path, network: MetabolicNetwork, parameters: Mapping[str, Any], fitted: FittedPredictor
) -> None:
    """Write a folder, file by file and each atomically.

    Args:
        folder: The folder.
        network: The network that the predictor was trained on.
        parameters: What else the predictor was made with, by name.
        fitted: What training left.

    Raises:
        FolderError: The folder cannot be written.
    """
    text = json.dumps(network_to_document(network)).encode()
    document = {
        "format": FORMAT,
        "fingerprint": network.fingerprint,
        # The fingerprint says which network it is; formulas and exchanges, which the model reads too, are not in it.
        "network_sha256": hashlib.sha256(text).hexdigest(),
        **parameters,
        "constraint": as_constraint(parameters["constraint"]).to_document(),
        "config": asdict(parameters["config"]),
        "training": asdict(parameters["training"]),
        "exchanges": fitted.exchanges,
        "columns": fitted.columns,
        "fitted_composition": fitted.composition and fitted.composition.to_document(),
    }
    model = fitted.model
    weights = {**model.state_dict(), **{name: getattr(model, name) for name in model.beside}}
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(f"'{folder}' cannot be written: {error}") from error
    replace_file(folder / NETWORK, text)
    replace_file(folder / HISTORY, fitted.history.to_csv(index=False).encode())
    write_tensors(folder / WEIGHTS, weights, {"fingerprint": network.fingerprint})
    # Last, because it is what makes the folder a saved predictor.
    replace_file(folder / CONFIG, json.dumps(document, indent=2).encode())


def read_predictor(folder: Path, network: MetabolicNetwork | None = None) -> SavedPredictor:
    """Read a folder.

    Args:
        folder: What `write_predictor` wrote.
        network: If given, it must be the network of the folder.

    Raises:
        FolderError: A missing or damaged file, another format, or another network.
    """
    if not (folder / CONFIG).is_file():
        raise FolderError(f"'{folder}' is no saved predictor: it has no {CONFIG}; expected a folder that `save` wrote")
    document = _read_json(folder / CONFIG)
    if document.get("format") != FORMAT:
        raise FolderError(
            f"'{folder}' has format {document.get('format')!r}; this version reads format {FORMAT}: train again"
        )
    stored = _read_json(folder / NETWORK)
    digest = hashlib.sha256((folder / NETWORK).read_bytes()).hexdigest()
    with refuse_damage(folder):
        own, fingerprint, intact = network_from_document(stored), document["fingerprint"], document["network_sha256"]
        parameters = {name: document[name] for name in ("inputs", "composition", "seed")}
        parameters["constraint"] = constraint_from_document(document["constraint"]).spelling()
        parameters["config"] = input_kind(document["inputs"]).config_type(**document["config"])
        parameters["training"] = TrainingConfig(**document["training"])
        exchanges, columns = tuple(document["exchanges"]), tuple(document["columns"])
        contents = document["fitted_composition"]
        composition = None if contents is None else Composition.from_document(contents)
    if own.fingerprint != fingerprint or digest != intact:
        raise FolderError(f"'{folder / NETWORK}' is damaged: it does not match its fingerprint; train again")
    if network is not None and network.fingerprint != fingerprint:
        raise FolderError(
            f"'{folder}' was trained on {own!r} with other reactions, bounds or objective than {network!r}; "
            "load it with the network of the training, or without one"
        )
    weights, origin = read_tensors(folder / WEIGHTS)
    if origin != {"fingerprint": fingerprint}:
        raise FolderError(f"'{folder / WEIGHTS}' was trained on another network; restore it or train again")
    try:
        history = pd.read_csv(folder / HISTORY)
    except (OSError, ValueError) as error:
        raise FolderError(f"'{folder / HISTORY}' is missing or damaged ({error})") from error
    return SavedPredictor(own, parameters, exchanges, columns, composition, weights, history)


@contextlib.contextmanager
def refuse_damage(folder: str | Path) -> Iterator[None]:
    """Turn what reading damaged settings raises into one line.

    Raises:
        FolderError: Naming the folder and what was wrong.
    """
    try:
        yield
    except FolderError:
        raise
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        raise FolderError(f"'{folder}' is damaged ({type(error).__name__}: {error}); train again") from error


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FolderError(f"'{path}' is missing or damaged ({error})") from error
    if not isinstance(document, dict):
        raise FolderError(f"'{path}' is damaged: expected a JSON object")
    return document
