"""What limits growth, and how much growth would more of it add?"""

from metagnn.analysis.growth_limits.growth_gradients import GrowthGradients as GrowthGradients
from metagnn.analysis.growth_limits.growth_gradients import growth_gradients as growth_gradients
from metagnn.analysis.growth_limits.limiting_bounds import bottlenecks as bottlenecks
from metagnn.analysis.growth_limits.limiting_bounds import reduced_costs as reduced_costs
from metagnn.analysis.growth_limits.limiting_bounds import shadow_prices as shadow_prices
from metagnn.analysis.growth_limits.suggested_medium import SuggestedMedium as SuggestedMedium
from metagnn.analysis.growth_limits.suggested_medium import suggest_medium as suggest_medium
