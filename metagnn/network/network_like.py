"""Whatever a caller passes as network, as a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Union

from metagnn.errors import NetworkError
from metagnn.network.from_cobra import load_network
from metagnn.network.metabolic_network import MetabolicNetwork

if TYPE_CHECKING:
    import cobra

# A Union, and cobra by name: `|` takes no forward reference, and cobra costs a second to import.
NetworkLike = Union[str, Path, "cobra.Model", MetabolicNetwork]
"""What every public function takes as network: a name or a path for `load_network`, a cobra model, or a network."""


def as_network(network: NetworkLike) -> MetabolicNetwork:
    """Return a network unchanged; load a name or a path, translate a cobra model.

    Loading costs seconds for a genome-scale model: load it once where a network is used more than once.

    Args:
        network: A network, or what `load_network` takes.

    Raises:
        NetworkError: Another type, or a name or a file that `load_network` refuses.

    >>> core = as_network("e_coli_core")
    >>> as_network(core) is core
    True
    """
    if isinstance(network, MetabolicNetwork):
        return network
    if not isinstance(network, (str, Path)):
        import cobra

        if not isinstance(network, cobra.Model):
            raise NetworkError(
                f"`network` is a {type(network).__name__}; expected a MetabolicNetwork, a name, a path or a cobra.Model"
            )
    return load_network(network)
