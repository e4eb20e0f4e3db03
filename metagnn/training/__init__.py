"""Objectives, training runs, checkpoints and metrics."""

from metagnn.training.checkpoint_io import SafetensorsCheckpointIO as SafetensorsCheckpointIO
from metagnn.training.config import TrainingConfig as TrainingConfig
from metagnn.training.fit import Checkpoints as Checkpoints
from metagnn.training.fit import fit_fluxes as fit_fluxes
from metagnn.training.flux_module import FluxModule as FluxModule
from metagnn.training.metrics import r2_per_flux as r2_per_flux
from metagnn.training.objective import Objective as Objective
from metagnn.training.objective import default_objective as default_objective
