"""Measured rates reconciled with a network: composition, intervals, gross errors."""

from metagnn.analysis.reconciliation.options import ReconcileOptions as ReconcileOptions
from metagnn.analysis.reconciliation.reconciler import Reconciler as Reconciler
from metagnn.analysis.reconciliation.reconciler import Reconciliation as Reconciliation
from metagnn.analysis.reconciliation.reconciler import reconcile as reconcile
