# The public names, in one place; they load on first use.
from . import datasets as datasets
from . import fba as fba
from . import graph as graph
from . import losses as losses
from . import models as models
from . import network as network
from . import nn as nn
from . import plots as plots
from . import testing as testing
from . import training as training
from .datasets import add_white_noise as add_white_noise
from .datasets import latin_hypercube_media as latin_hypercube_media
from .datasets import read_table as read_table
from .datasets import sparse_media as sparse_media
from .datasets import uniform_media as uniform_media
from .errors import InputError as InputError
from .fba import FluxSolutions as FluxSolutions
from .fba import simulate_fluxes as simulate_fluxes
from .graph import to_hetero_data as to_hetero_data
from .graph import to_networkx as to_networkx
from .losses import BalanceLoss as BalanceLoss
from .models import FluxGNN as FluxGNN
from .models import FluxGNNConfig as FluxGNNConfig
from .network import Incidence as Incidence
from .network import MetabolicNetwork as MetabolicNetwork
from .network import load_network as load_network
from .nn import SteadyStateConv as SteadyStateConv
from .nn import SteadyStateProjection as SteadyStateProjection
from .nn import StoichiometricConv as StoichiometricConv
from .nn import UnrolledSplitting as UnrolledSplitting
from .predictor import FluxPredictor as FluxPredictor
from .training import TrainingConfig as TrainingConfig

__version__: str
