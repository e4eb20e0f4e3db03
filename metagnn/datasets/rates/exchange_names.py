"""Names of substances, found among the exchanges of a network, and which exchanges are there unmeasured."""

from __future__ import annotations

import numpy as np

from metagnn.network.elements import ELECTRON_WEIGHTS, electrons
from metagnn.network.exchange_search import CO2, OXYGEN, PROTON, WATER
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.network.vocabulary.named_exchanges import NamedExchanges


class ExchangeNames(NamedExchanges):
    """Finds the exchange of a substance by id, name, formula or identifier; a network has its own `exchange_names`.

    Args:
        network: The network.
    """

    def __init__(self, network: NetworkLike) -> None:
        super().__init__(as_network(network))


def present_exchanges(network: NetworkLike, measured: np.ndarray) -> np.ndarray:
    """Exchanges that may carry flux, boolean, shape `[reactions]`; the others are taken for absent.

    What was measured, CO2, water and protons, and the carbon-free nutrients of the network's medium: a cell on a
    mineral medium needs them whether anybody measured them or not. Of these, what carries electrons (H2, nitrate,
    sulfide) is absent where the medium also has its elements without them (water, ammonium, sulfate), as in the media
    of models that take up everything: cells rarely use it, and no balance of electrons would check anything.

    Args:
        network: The network.
        measured: Whether a reaction was measured in some sample, shape `[reactions]`.
    """
    network = as_network(network)
    names, medium = network.exchange_names, network.medium()
    present = measured.copy()
    minerals: dict[str, set[str]] = {}
    carriers: dict[str, set[str]] = {}
    for name, metabolite in names.metabolites.items():
        atoms = {element: count for element, count in (metabolite.formula or {}).items() if count}
        if atoms in (CO2, WATER, PROTON):
            present[network.reaction_index(name)] = True
        elif name in medium and atoms and not atoms.get("C"):
            known = metabolite.charge is not None and set(atoms) <= ELECTRON_WEIGHTS.keys()
            carries = atoms != OXYGEN and known and electrons(metabolite)
            (carriers if carries else minerals)[name] = set(atoms) - {"H", "O"}
    supplied = set().union(*minerals.values())
    for name in (*minerals, *(name for name, elements in carriers.items() if not elements <= supplied)):
        present[network.reaction_index(name)] = True
    return present
