"""What is biomass made of, according to the data?"""

from metagnn.analysis.composition.balance_estimates import alpha_from_electrons as alpha_from_electrons
from metagnn.analysis.composition.balance_estimates import content_by_regression as content_by_regression
from metagnn.analysis.composition.balance_estimates import contents_by_reconciliation as contents_by_reconciliation
from metagnn.analysis.composition.content_interval import content_interval as content_interval
from metagnn.analysis.composition.fitted_composition import Composition as Composition
from metagnn.analysis.composition.fitted_composition import fitted_composition as fitted_composition
from metagnn.analysis.composition.fitted_composition import warn_undetermined as warn_undetermined
