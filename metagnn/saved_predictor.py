"""A predictor on disk: weights in safetensors, settings and network in JSON; nothing is ever unpickled."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from torch import Tensor, nn

from metagnn.errors import FolderError
from metagnn.files.output import replace_file
from metagnn.files.table_reader import read_table
from metagnn.files.table_writer import write_table
from metagnn.files.tensor_file import read_tensors, write_tensors
from metagnn.models.flux_gnn import FluxGNNConfig
from metagnn.models.medium_gnn import MediumGNNConfig
from metagnn.network.document import network_from_document, network_to_document
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.training.config import TrainingConfig

WEIGHTS, CONFIG, NETWORK, HISTORY = "weights.safetensors", "config.json", "network.json", "history.csv"
FORMAT = 1

FLUX, MEDIUM = "FluxPredictor", "MediumPredictor"
CONFIGS = {FLUX: FluxGNNConfig, MEDIUM: MediumGNNConfig}
"""What a folder may hold, and what the settings of its model are."""


@dataclass(frozen=True)
class SavedPredictor:
    """Everything that a predictor is.

    Attributes:
        kind: "FluxPredictor" or "MediumPredictor".
        network: The network that it was trained on.
        settings: Seed, names of the inputs, and what else the predictor was made with.
        config: Widths and steps.
        training: Settings of the training.
        weights: State of the model, and tensors beside it.
        history: Terms of the objective by epoch.
    """

    kind: str
    network: MetabolicNetwork
    settings: dict[str, Any]
    config: Any
    training: TrainingConfig
    weights: dict[str, Tensor]
    history: pd.DataFrame

    def load_into(self, model: nn.Module, beside: Sequence[str] = ()) -> None:
        """Give a model the saved weights.

        Args:
            model: The model.
            beside: Tensors of the model that are not part of its state.

        Raises:
            FolderError: They are those of another model.
        """
        weights = dict(self.weights)
        try:
            for name in beside:
                getattr(model, name).copy_(weights.pop(name))
            model.load_state_dict(weights)
        except (KeyError, RuntimeError) as error:
            raise FolderError(f"the saved weights do not fit their settings: {str(error).splitlines()[-1]}") from error


def write_predictor(folder: Path, saved: SavedPredictor) -> None:
    """Write a folder, file by file and each atomically.

    Raises:
        FolderError: It cannot be written.
    """
    network = json.dumps(network_to_document(saved.network)).encode()
    document = {
        "format": FORMAT,
        "predictor": saved.kind,
        "fingerprint": saved.network.fingerprint,
        # The fingerprint says which network it is; formulas and exchanges, which the model reads too, are not in it.
        "network_sha256": hashlib.sha256(network).hexdigest(),
        "settings": saved.settings,
        "config": asdict(saved.config),
        "training": asdict(saved.training),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(f"'{folder}' cannot be written: {error}") from error
    replace_file(folder / NETWORK, network)
    write_table(saved.history, folder / HISTORY)
    write_tensors(folder / WEIGHTS, saved.weights, {"fingerprint": saved.network.fingerprint})
    # Last, because it is what makes the folder a saved predictor.
    replace_file(folder / CONFIG, json.dumps(document, indent=2).encode())


def saved_kind(folder: Path) -> str:
    """What a folder holds: "FluxPredictor" or "MediumPredictor".

    Raises:
        FolderError: The folder holds no predictor, or one that this version does not know.
    """
    if not (folder / CONFIG).is_file():
        raise FolderError(f"'{folder}' is no saved predictor: it has no {CONFIG}; expected a folder that `save` wrote")
    # Folders of before there were two kinds do not say which they are.
    kind = str(_read_json(folder / CONFIG).get("predictor", FLUX))
    if kind not in CONFIGS:
        raise FolderError(f"'{folder}' is damaged: it holds a {kind!r}; expected one of {', '.join(CONFIGS)}")
    return kind


def read_predictor(folder: Path, kind: str, network: MetabolicNetwork | None = None) -> SavedPredictor:
    """Read a folder.

    Args:
        folder: What `write_predictor` wrote.
        kind: What it must hold: "FluxPredictor" or "MediumPredictor".
        network: If given, it must be the network of the folder.

    Raises:
        FolderError: A missing or damaged file, another kind or format, or another network.
    """
    found = saved_kind(folder)
    if found != kind:
        raise FolderError(f"'{folder}' holds a {found}, not a {kind}; load it with `{found}.load`")
    document, stored = _read_json(folder / CONFIG), _read_json(folder / NETWORK)
    digest = hashlib.sha256((folder / NETWORK).read_bytes()).hexdigest()
    try:
        if document["format"] != FORMAT:
            raise FolderError(f"'{folder}' has format {document['format']}; this version reads format {FORMAT}")
        own = network_from_document(stored)
        config, training = CONFIGS[kind](**document["config"]), TrainingConfig(**document["training"])
        settings, fingerprint, intact = document["settings"], document["fingerprint"], document["network_sha256"]
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        if isinstance(error, FolderError):
            raise
        raise FolderError(f"'{folder}' is damaged ({type(error).__name__}: {error}); train again") from error
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
        history = read_table(folder / HISTORY)
    except (OSError, ValueError) as error:
        raise FolderError(f"'{folder / HISTORY}' is missing or damaged ({error})") from error
    return SavedPredictor(kind, own, settings, config, training, weights, history)


def _read_json(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise FolderError(f"'{path}' is missing or damaged ({error})") from error
    if not isinstance(document, dict):
        raise FolderError(f"'{path}' is damaged: expected a JSON object")
    return document
