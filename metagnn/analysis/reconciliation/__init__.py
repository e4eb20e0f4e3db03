"""Which fluxes and which biomass agree best with measured rates, how well are they known, and which rate is wrong?"""

from metagnn.analysis.reconciliation.composition_prior import CellContents as CellContents
from metagnn.analysis.reconciliation.options import ReconcileOptions as ReconcileOptions
from metagnn.analysis.reconciliation.reconciler import Reconciler as Reconciler
from metagnn.analysis.reconciliation.reconciler import reconcile as reconcile
from metagnn.analysis.reconciliation.reconciliation import Reconciliation as Reconciliation
