# The public names by stage, in the order of the data flow; they load on first use.
# ruff: noqa: I001
from . import network as network
from . import fba as fba
from . import graph as graph
from . import datasets as datasets
from . import nn as nn
from . import losses as losses
from . import models as models
from . import training as training
from . import analysis as analysis
from . import inputs as inputs
from . import plots as plots
from . import testing as testing

# The network
from .errors import InputError as InputError
from .network import Incidence as Incidence
from .network import MetabolicNetwork as MetabolicNetwork
from .network import load_network as load_network

# Its fluxes by linear programming, and its graph
from .fba import FluxSolutions as FluxSolutions
from .fba import simulate_fluxes as simulate_fluxes
from .fba import to_cobra_solution as to_cobra_solution
from .graph import to_hetero_data as to_hetero_data
from .graph import to_networkx as to_networkx

# Media and measured rates
from .datasets import add_white_noise as add_white_noise
from .datasets import latin_hypercube_media as latin_hypercube_media
from .datasets import read_table as read_table
from .datasets import sparse_media as sparse_media
from .datasets import uniform_media as uniform_media
from .datasets.rates import read_rates as read_rates

# Layers and losses
from .losses import BalanceLoss as BalanceLoss
from .nn import BiomassComposition as BiomassComposition
from .nn import CO2Readout as CO2Readout
from .nn import GrowthOptimum as GrowthOptimum
from .nn import PolytopeProjection as PolytopeProjection
from .nn import SteadyStateConv as SteadyStateConv
from .nn import SteadyStateProjection as SteadyStateProjection
from .nn import StoichiometricConv as StoichiometricConv
from .nn import UnrolledSplitting as UnrolledSplitting

# Models, training and the predictor
from .models import BalanceMLP as BalanceMLP
from .models import FluxGNN as FluxGNN
from .models import FluxGNNConfig as FluxGNNConfig
from .models import Polytope as Polytope
from .models import Soft as Soft
from .models import SteadyState as SteadyState
from .medium_regressor import MediumRegressor as MediumRegressor
from .predictor import FluxPredictor as FluxPredictor
from .training import TrainingConfig as TrainingConfig

# What data say
from .analysis import moma as moma
from .analysis import reconcile_rates as reconcile_rates
from .analysis import suggest_medium as suggest_medium
from .analysis.growth_limits.limiting_bounds import bottlenecks as bottlenecks
from .analysis.identifiability.determined_fluxes import identifiability as identifiability
from .analysis.reconciliation import ReconcileOptions as ReconcileOptions
from .analysis.reconciliation import reconcile as reconcile

__version__: str
