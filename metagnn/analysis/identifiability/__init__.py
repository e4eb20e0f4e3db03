"""Which fluxes do measurements determine, and what should be measured next?"""

from metagnn.analysis.identifiability.determined_fluxes import Identifiability as Identifiability
from metagnn.analysis.identifiability.determined_fluxes import IdentifiabilityReport as IdentifiabilityReport
from metagnn.analysis.identifiability.determined_fluxes import identifiability as identifiability
from metagnn.analysis.identifiability.determined_fluxes import identify as identify
from metagnn.analysis.identifiability.steady_state_tangent import SteadyStateTangent as SteadyStateTangent
