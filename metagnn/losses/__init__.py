"""Soft constraints: functions of tensors and operators, independent of models."""

from metagnn.losses.balance import BalanceLoss as BalanceLoss
from metagnn.losses.bounds import bound_violation as bound_violation
from metagnn.losses.supervised import masked_mse as masked_mse
