"""Models to compare: metagnn's own, feed-forward networks, regressions and classical estimators."""

from metagnn.studies.rivals.rate_rivals import AS_DESCRIBED as AS_DESCRIBED
from metagnn.studies.rivals.rate_rivals import TUNED as TUNED
from metagnn.studies.rivals.rate_rivals import train_balance_mlp as train_balance_mlp
from metagnn.studies.rivals.regressions import Tuning as Tuning
from metagnn.studies.rivals.regressions import fit_regression as fit_regression
