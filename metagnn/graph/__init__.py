"""The network as a graph: node features, PyTorch Geometric, networkx and maps."""

from metagnn.graph.escher_map import read_escher_map as read_escher_map
from metagnn.graph.features import NodeFeatures as NodeFeatures
from metagnn.graph.features import node_features as node_features
from metagnn.graph.hetero_data import from_hetero_data as from_hetero_data
from metagnn.graph.hetero_data import node_ids as node_ids
from metagnn.graph.hetero_data import to_hetero_data as to_hetero_data
from metagnn.graph.layout import layout_network as layout_network
from metagnn.graph.layout import subsystems as subsystems
from metagnn.graph.networkx_graph import from_networkx as from_networkx
from metagnn.graph.networkx_graph import to_networkx as to_networkx
from metagnn.graph.reaction_map import ReactionMap as ReactionMap
