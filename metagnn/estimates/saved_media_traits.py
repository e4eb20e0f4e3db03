"""Traits of media in a file: network, training data and choice, of which loading makes the same estimates again."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import torch

from metagnn.errors import FolderError
from metagnn.estimates.media_estimate import INSIDE, OUTSIDE, LeftOut, MediaEstimate, media_candidates
from metagnn.estimates.media_samples import MediaSamples
from metagnn.estimates.media_table import CONCENTRATION, PRESENT
from metagnn.estimates.media_traits import MediaTraits
from metagnn.files.tensor_file import read_tensors, write_tensors
from metagnn.network.document import network_from_document, network_to_document
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.plain_values import as_mapping, as_text, as_texts, as_whole

FILE = "medium_regressor.safetensors"
FORMAT = 1


def write_media_traits(folder: Path, fitted: MediaTraits) -> None:
    """Write one file into a folder, which is made; an old one stays until the new one is whole.

    Raises:
        FolderError: It cannot be written.
    """
    estimate = fitted.estimate
    arrays = {f"samples.{f.name}": getattr(estimate.samples, f.name) for f in dataclasses.fields(MediaSamples)}
    arrays |= {"observed": estimate.observed, "groups": fitted.groups}
    if estimate.weight is not None:
        arrays["weight"] = estimate.weight
    for kind, part in estimate.left_out.items():
        arrays |= {f"{kind}.{f.name}": getattr(part, f.name) for f in dataclasses.fields(LeftOut)}
    document = {
        "format": FORMAT,
        "network": network_to_document(fitted.network),
        "fingerprint": fitted.network.fingerprint,
        "inputs": fitted.inputs,
        "seed": estimate.seed,
        "exchanges": list(fitted.exchanges),
        "traits": list(fitted.traits),
        "features": list(fitted.features),
        "candidates": list(media_candidates(estimate.seed)),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderError(f"'{folder}' cannot be written: {error.strerror or error}") from error
    write_tensors(folder / FILE, {n: torch.from_numpy(np.ascontiguousarray(a)) for n, a in arrays.items()}, document)


def read_media_traits(folder: Path, network: MetabolicNetwork | None = None) -> MediaTraits:
    """Read a folder and fit the estimates anew.

    Args:
        folder: What `write_media_traits` wrote.
        network: If given, that of the fit.

    Raises:
        FolderError: It is missing or damaged, was written by another version, or is of another network.
    """
    path = folder / FILE
    tensors, document = read_tensors(path)
    arrays = {name: tensor.numpy() for name, tensor in tensors.items()}
    try:
        document = as_mapping(document)
        if document["format"] != FORMAT or document["candidates"] != list(media_candidates(0)):
            raise FolderError(f"'{path}' was written by another version of metagnn; fit again")
        own, seed, inputs = network_from_document(document["network"]), document["seed"], as_text(document["inputs"])
        if own.fingerprint != document["fingerprint"] or inputs not in (CONCENTRATION, PRESENT):
            raise FolderError(f"'{path}' is damaged; fit again")
        samples = MediaSamples(*(arrays[f"samples.{f.name}"] for f in dataclasses.fields(MediaSamples)))
        left_out = {
            kind: LeftOut(*(arrays[f"{kind}.{f.name}"] for f in dataclasses.fields(LeftOut)))
            for kind in (INSIDE, OUTSIDE)
        }
        exchanges, traits, features = (as_texts(document[name]) for name in ("exchanges", "traits", "features"))
        estimate = MediaEstimate.restore(samples, arrays["observed"], arrays.get("weight"), as_whole(seed), left_out)
        fitted = MediaTraits(own, inputs, exchanges, traits, features, arrays["groups"], estimate)
    except FolderError:
        raise
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise FolderError(f"'{path}' is damaged ({type(error).__name__}: {error}); fit again") from error
    if network is not None and network.fingerprint != own.fingerprint:
        raise FolderError(
            f"'{folder}' was fitted on {own!r} with other reactions, bounds or objective than {network!r}; "
            "load it with the network of the fit, or without one"
        )
    return fitted
