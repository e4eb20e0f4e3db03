"""What the data say, and what they cannot: composition, reconciliation, closed forms."""

from metagnn.analysis.composition.balance_estimates import alpha_from_electrons as alpha_from_electrons
from metagnn.analysis.composition.balance_estimates import content_by_regression as content_by_regression
from metagnn.analysis.composition.balance_estimates import contents_by_reconciliation as contents_by_reconciliation
from metagnn.analysis.composition.fitted_composition import Composition as Composition
from metagnn.analysis.composition.fitted_composition import fitted_composition as fitted_composition
from metagnn.analysis.growth_limits.limiting_bounds import reduced_costs as reduced_costs
from metagnn.analysis.growth_limits.limiting_bounds import shadow_prices as shadow_prices
from metagnn.analysis.growth_limits.suggested_medium import SuggestedMedium as SuggestedMedium
from metagnn.analysis.growth_limits.suggested_medium import suggest_medium as suggest_medium
from metagnn.analysis.identifiability.determined_fluxes import Identifiability as Identifiability
from metagnn.analysis.identifiability.determined_fluxes import IdentifiabilityReport as IdentifiabilityReport
from metagnn.analysis.identifiability.determined_fluxes import identify as identify
from metagnn.analysis.nearest_flux.minimal_adjustment import moma as moma
from metagnn.analysis.nearest_flux.nearest_to_rates import ReconciledFluxes as ReconciledFluxes
from metagnn.analysis.nearest_flux.nearest_to_rates import reconcile_rates as reconcile_rates
