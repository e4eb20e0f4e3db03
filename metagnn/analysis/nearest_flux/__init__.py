"""Which feasible flux is nearest to measured rates, or to the wild type?"""

from metagnn.analysis.nearest_flux.minimal_adjustment import moma as moma
from metagnn.analysis.nearest_flux.nearest_to_rates import ReconciledFluxes as ReconciledFluxes
from metagnn.analysis.nearest_flux.nearest_to_rates import reconcile_rates as reconcile_rates
