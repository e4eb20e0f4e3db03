"""Network layers: from tensors to tensors."""

from metagnn.nn.biomass import BiomassComposition as BiomassComposition
from metagnn.nn.co2 import CO2Readout as CO2Readout
from metagnn.nn.growth_optimum import GrowthOptimum as GrowthOptimum
from metagnn.nn.polytope import PolytopeProjection as PolytopeProjection
from metagnn.nn.polytope import PolytopeSolution as PolytopeSolution
from metagnn.nn.splitting import SplittingParameters as SplittingParameters
from metagnn.nn.splitting import SplittingResult as SplittingResult
from metagnn.nn.splitting import UnrolledSplitting as UnrolledSplitting
from metagnn.nn.steady_state import SteadyStateConv as SteadyStateConv
from metagnn.nn.steady_state import SteadyStateProjection as SteadyStateProjection
from metagnn.nn.steady_state import nullspace_basis as nullspace_basis
from metagnn.nn.stoichiometric_conv import StoichiometricConv as StoichiometricConv
