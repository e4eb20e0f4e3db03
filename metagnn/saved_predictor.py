"""A predictor on disk: weights in safetensors, settings and network in JSON; nothing is ever unpickled."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from metagnn.analysis.composition.fitted_composition import Composition
from metagnn.errors import FolderError, InputError
from metagnn.estimates.corrected_estimate import CorrectedEstimate
from metagnn.files.output import beside, followed, sweep
from metagnn.files.table_reader import read_table
from metagnn.files.table_writer import write_table
from metagnn.files.tensor_file import read_tensors, write_tensors
from metagnn.files.whole_file import read_whole
from metagnn.fitted_predictor import FittedPredictor
from metagnn.inputs.kinds import input_kind
from metagnn.inputs.names import InputNames
from metagnn.interval_calibration import Calibration
from metagnn.models.constraint import constraint_from_document
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.network.document import network_from_document, network_to_document
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.plain_values import MOST, as_list, as_mapping, as_settings, as_text, as_texts, as_whole
from metagnn.predictor_setup import PredictorSetup
from metagnn.training.config import TrainingConfig

WEIGHTS, CONFIG, NETWORK, HISTORY = "weights.safetensors", "config.json", "network.json", "history.csv"
ESTIMATE = "estimate.safetensors"
FORMAT = 3


def write_predictor(folder: Path, fitted: FittedPredictor) -> None:
    """Write a folder: all files whole beside the old ones, then each in its place, the settings last.

    Raises:
        FolderError: It cannot be written.
    """
    setup, model = fitted.setup, fitted.model
    text = json.dumps(network_to_document(setup.network)).encode()
    document = {
        "format": FORMAT,
        "fingerprint": setup.network.fingerprint,
        # The fingerprint says which network it is; formulas and exchanges, which the model reads too, are not in it.
        "network_sha256": hashlib.sha256(text).hexdigest(),
        "inputs": setup.inputs,
        "constraint": setup.constraint.to_document(),
        "composition": setup.composition,
        "seed": setup.seed,
        "config": asdict(setup.config),
        "training": asdict(setup.training),
        "estimate": setup.estimate,
        "lifted": setup.lifted,
        "errors": None if fitted.corrected is None else fitted.corrected.errors.to_dict("split"),
        **fitted.names.to_document(),
        "fitted_composition": fitted.composition and fitted.composition.to_document(),
    }
    weights = {**model.state_dict(), **{name: getattr(model, name) for name in model.beside}}
    folder = followed(folder)
    staged = beside(folder / "saved")
    try:
        staged.mkdir(parents=True, exist_ok=True)
        sweep(folder / "saved")
        (staged / NETWORK).write_bytes(text)
        write_table(fitted.history, staged / HISTORY)
        write_tensors(staged / WEIGHTS, weights, {"fingerprint": setup.network.fingerprint})
        arrays = _prefixed("estimate", fitted.corrected) | _prefixed("calibration", fitted.calibration)
        arrays |= {} if fitted.known is None else {"known": fitted.known}
        tensors = {name: torch.from_numpy(np.ascontiguousarray(array)) for name, array in arrays.items()}
        write_tensors(staged / ESTIMATE, tensors, {"fingerprint": setup.network.fingerprint})
        (staged / CONFIG).write_bytes(json.dumps(document, indent=2).encode())
        # Without settings a folder is no predictor: a kill from here on leaves none, and never a mixture of two.
        (folder / CONFIG).unlink(missing_ok=True)
        for name in (NETWORK, HISTORY, WEIGHTS, ESTIMATE, CONFIG):
            os.replace(staged / name, folder / name)
    except OSError as error:
        raise FolderError(f"'{folder}' cannot be written: {error}") from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def read_predictor(folder: Path, network: MetabolicNetwork | None = None) -> FittedPredictor:
    """Read a folder.

    Args:
        folder: What `write_predictor` wrote.
        network: If given, it must be the network of the folder.

    Raises:
        FolderError: A missing or damaged file, another format, or another network.
    """
    if not (folder / CONFIG).is_file():
        raise FolderError(f"'{folder}' is no saved predictor: it has no {CONFIG}; expected a folder that `save` wrote")
    document = _parse(folder / CONFIG, _read(folder / CONFIG))
    if document.get("format") != FORMAT:
        raise FolderError(
            f"'{folder}' has format {document.get('format')!r}; this version reads format {FORMAT}: train again"
        )
    content = _read(folder / NETWORK)
    stored, digest = _parse(folder / NETWORK, content), hashlib.sha256(content).hexdigest()
    with _refuse_damage(folder):
        own, fingerprint, intact = network_from_document(stored), document["fingerprint"], document["network_sha256"]
    if own.fingerprint != fingerprint or digest != intact:
        raise FolderError(f"'{folder / NETWORK}' is damaged: it does not match its fingerprint; train again")
    if network is not None and network.fingerprint != fingerprint:
        raise FolderError(
            f"'{folder}' was trained on {own!r} with other reactions, bounds or objective than {network!r}; "
            "load it with the network of the training, or without one"
        )
    weights, arrays = (_read_tensors(folder / name, fingerprint) for name in (WEIGHTS, ESTIMATE))
    try:
        history = read_table(folder / HISTORY)
    except (OSError, ValueError) as error:
        raise FolderError(f"'{folder / HISTORY}' is missing or damaged ({error})") from error
    with _refuse_damage(folder):
        setup = _read_setup(own, document)
        _check_size(setup.config, weights)
        names = InputNames.from_document(document)
        contents = document["fitted_composition"]
        composition = None if contents is None else Composition.from_document(as_mapping(contents))
        model = setup.new_model(names)
        numbers = {name: tensor.numpy() for name, tensor in arrays.items()}
        corrected = _read_corrected(setup, _without("estimate", numbers), document["errors"])
        errors = _without("calibration", numbers)
        calibration = Calibration.from_arrays(errors, len(own.reactions)) if errors else None
    _load_weights(model, weights)
    return FittedPredictor(setup, model, names, history, composition, corrected, calibration, numbers.get("known"))


def _prefixed(name: str, part: CorrectedEstimate | Calibration | None) -> dict[str, np.ndarray]:
    return {} if part is None else {f"{name}:{key}": array for key, array in part.to_arrays().items()}


def _without(name: str, arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    return {key.removeprefix(f"{name}:"): array for key, array in arrays.items() if key.startswith(f"{name}:")}


def _read_tensors(path: Path, fingerprint: str) -> dict[str, Tensor]:
    tensors, origin = read_tensors(path)
    if origin != {"fingerprint": fingerprint}:
        raise FolderError(f"'{path}' was trained on another network; restore it or train again")
    return tensors


def _read_corrected(setup: PredictorSetup, arrays: dict[str, np.ndarray], errors: object) -> CorrectedEstimate | None:
    if errors is None:
        return None
    table = as_mapping(errors)
    frame = pd.DataFrame(as_list(table["data"]), as_texts(table["index"]), as_texts(table["columns"]))
    return CorrectedEstimate.from_arrays(setup.relaxed, arrays, frame.astype(float))


def _read_setup(network: MetabolicNetwork, document: dict[str, Any]) -> PredictorSetup:
    inputs = as_text(document["inputs"])
    return PredictorSetup(
        network,
        inputs,
        constraint_from_document(as_mapping(document["constraint"])),
        as_text(document["composition"]),
        as_whole(document["seed"], -MOST),
        as_settings(input_kind(inputs).config_type, document["config"]),
        as_settings(TrainingConfig, document["training"]),
        None if document["estimate"] is None else as_text(document["estimate"]),
        document["lifted"] is True,
    )


def _check_size(config: Any, weights: dict[str, Tensor]) -> None:
    """Raise unless the file holds as many numbers as its settings ask for, before any of them is allocated.

    Raises:
        ValueError: A width or a number of layers or steps beyond what is stored.
    """
    width, layers, steps = (getattr(config, name, 0) for name in ("hidden_channels", "num_layers", "steps"))
    asked, stored = width * (width * layers + steps), sum(tensor.numel() for tensor in weights.values())
    if asked > stored:
        raise ValueError(f"its settings ask for {asked} weights or more, and {WEIGHTS} holds {stored}")


def _load_weights(model: AbstractFluxModel, weights: dict[str, Tensor]) -> None:
    for name, held in weights.items():
        if not torch.isfinite(held).all():
            raise FolderError(f"the saved weights hold NaN or infinity in {name!r}; train again")
    try:
        for name in model.beside:
            own, saved = getattr(model, name), weights.pop(name, None)
            # Those of an older version are left as they are made.
            if saved is None:
                continue
            # Some are as long as the media demand.
            if own.numel() and own.shape != saved.shape:
                raise RuntimeError(f"`{name}` has shape {tuple(saved.shape)}; expected {tuple(own.shape)}")
            setattr(model, name, own.copy_(saved) if own.numel() else saved.to(own))
        model.load_state_dict(weights)
        model.check_loaded()
    except (KeyError, RuntimeError) as error:
        reason = (str(error).splitlines() or ["damaged"])[-1]
        raise FolderError(f"the saved weights do not fit their settings: {reason.strip()}") from error


@contextlib.contextmanager
def _refuse_damage(folder: Path) -> Iterator[None]:
    """Turn what reading damaged settings raises into one line.

    Raises:
        FolderError: Naming the folder and what was wrong.
    """
    try:
        yield
    except FolderError:
        raise
    except (KeyError, IndexError, TypeError, AttributeError, ValueError, RuntimeError, ArithmeticError) as error:
        raise FolderError(f"'{folder}' is damaged ({type(error).__name__}: {error}); train again") from error


def _read(path: Path) -> bytes:
    try:
        return read_whole(path)
    except InputError as error:
        raise FolderError(f"{error}; restore it or train again") from error


def _parse(path: Path, content: bytes) -> dict[str, Any]:
    try:
        document = json.loads(content.decode())
    except (ValueError, RecursionError) as error:
        raise FolderError(f"'{path}' is damaged ({error})") from error
    if not isinstance(document, dict):
        raise FolderError(f"'{path}' is damaged: expected a JSON object")
    return document
