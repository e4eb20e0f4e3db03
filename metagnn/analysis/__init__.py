"""What the data say, and what they cannot: composition, reconciliation, closed forms."""

from metagnn.analysis.balance_estimates import alpha_from_electrons as alpha_from_electrons
from metagnn.analysis.balance_estimates import content_by_regression as content_by_regression
from metagnn.analysis.balance_estimates import contents_by_reconciliation as contents_by_reconciliation
from metagnn.analysis.bottlenecks import reduced_costs as reduced_costs
from metagnn.analysis.bottlenecks import shadow_prices as shadow_prices
from metagnn.analysis.composition import Composition as Composition
from metagnn.analysis.composition import fitted_composition as fitted_composition
from metagnn.analysis.identifiability import Identifiability as Identifiability
from metagnn.analysis.identifiability import IdentifiabilityReport as IdentifiabilityReport
from metagnn.analysis.identifiability import identify as identify
from metagnn.analysis.moma import moma as moma
from metagnn.analysis.nearest_flux import ReconciledFluxes as ReconciledFluxes
from metagnn.analysis.nearest_flux import reconcile_rates as reconcile_rates
from metagnn.analysis.suggested_medium import SuggestedMedium as SuggestedMedium
from metagnn.analysis.suggested_medium import suggest_medium as suggest_medium
