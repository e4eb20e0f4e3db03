"""What the data say, and what they cannot: composition, reconciliation, closed forms."""

from metagnn.analysis.composition import Composition as Composition
from metagnn.analysis.composition import fitted_composition as fitted_composition
