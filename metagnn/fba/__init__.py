"""FBA, pFBA and minimum-norm FBA of many media."""

from metagnn.choices import METHODS as METHODS
from metagnn.fba.cobra_solution import to_cobra_solution as to_cobra_solution
from metagnn.fba.feasibility import FeasibilityScreen as FeasibilityScreen
from metagnn.fba.flux_simulator import FluxSimulator as FluxSimulator
from metagnn.fba.flux_solutions import FluxSolutions as FluxSolutions
from metagnn.fba.open_sources import open_carbon_sources as open_carbon_sources
from metagnn.fba.simulate import simulate_fluxes as simulate_fluxes
from metagnn.fba.single_deletion import dispensable_reactions as dispensable_reactions
