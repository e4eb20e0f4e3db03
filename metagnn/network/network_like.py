"""Accept a network as a name, a path, a cobra model or a `MetabolicNetwork`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Union

from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork

if TYPE_CHECKING:
    import cobra

# `Union` and a quoted name, because `|` takes no forward reference and importing cobra takes a second.
NetworkLike = Union[str, Path, "cobra.Model", MetabolicNetwork]
"""A network as public functions accept it: a name or path for `load_network`, a cobra model, or a network."""


def as_network(network: NetworkLike) -> MetabolicNetwork:
    """Return a network unchanged; load a name or a path; convert a cobra model.

    Loading a genome-scale model takes seconds: load it once if you use it several times.

    Args:
        network: A network, or an argument of `load_network`.

    Raises:
        NetworkError: The type is wrong, or `load_network` refuses the name or file.

    >>> core = as_network("e_coli_core")
    >>> as_network(core) is core
    True
    """
    return network if isinstance(network, MetabolicNetwork) else load_network(network)
