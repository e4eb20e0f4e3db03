"""Flux models, composed of layers."""

from metagnn.models.balance_mlp import BalanceMLP as BalanceMLP
from metagnn.models.balance_mlp import BalanceMLPConfig as BalanceMLPConfig
from metagnn.models.constraint import Polytope as Polytope
from metagnn.models.constraint import Soft as Soft
from metagnn.models.constraint import SteadyState as SteadyState
from metagnn.models.flux_gnn import FluxGNN as FluxGNN
from metagnn.models.flux_gnn import FluxGNNConfig as FluxGNNConfig
from metagnn.models.flux_model import AbstractFluxModel as AbstractFluxModel
from metagnn.models.flux_prediction import FluxPrediction as FluxPrediction
from metagnn.models.graph_encoder import GraphEncoder as GraphEncoder
from metagnn.models.medium_bounds import MediumBounds as MediumBounds
from metagnn.models.medium_gnn import MediumGNN as MediumGNN
from metagnn.models.medium_gnn import MediumGNNConfig as MediumGNNConfig
