"""Metabolic networks as arrays: stoichiometry, bounds, media, elements. No learning."""

from metagnn.network.bounds import FluxBounds as FluxBounds
from metagnn.network.conditions import Conditions as Conditions
from metagnn.network.document import network_from_document as network_from_document
from metagnn.network.document import network_to_document as network_to_document
from metagnn.network.elements import ELECTRON_WEIGHTS as ELECTRON_WEIGHTS
from metagnn.network.elements import Metabolite as Metabolite
from metagnn.network.from_cobra import from_cobra as from_cobra
from metagnn.network.from_cobra import load_network as load_network
from metagnn.network.gene_rule import GeneRule as GeneRule
from metagnn.network.incidence import Incidence as Incidence
from metagnn.network.metabolic_network import MetabolicNetwork as MetabolicNetwork
from metagnn.network.network_like import NetworkLike as NetworkLike
from metagnn.network.network_like import as_network as as_network
from metagnn.network.reaction import Reaction as Reaction
