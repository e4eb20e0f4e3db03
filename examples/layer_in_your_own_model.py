"""Use two layers of metagnn in your own torch_geometric model.

`StoichiometricConv` passes messages along the stoichiometry, like any PyG layer. `SteadyStateProjection` as the last
layer projects the output of the model exactly and differentiably onto steady state, S·v = 0.

    python examples/layer_in_your_own_model.py
"""

import argparse

import torch
from torch import Tensor, nn
from torch_geometric.data import HeteroData
from torch_geometric.nn import global_mean_pool

from metagnn import (
    Incidence,
    SteadyStateProjection,
    StoichiometricConv,
    load_network,
    simulate_fluxes,
    to_hetero_data,
    uniform_media,
)
from metagnn.graph import from_hetero_data

RANGES = {"EX_glc__D_e": (4.0, 10.0), "EX_o2_e": (4.0, 20.0)}


class MyFluxModel(nn.Module):
    """One round of local messages, your own read-out, and a projection onto steady state."""

    def __init__(self, stoichiometry: Incidence, media_features: int, width: int = 32) -> None:
        super().__init__()
        # -1: take the numbers of input features from the first graph, as in PyG.
        self.to_reaction = StoichiometricConv((-1, -1), width)
        # Local messages do not carry the medium through the network: give it to every reaction directly, together with
        # a summary of the whole graph.
        self.read_out = nn.Sequential(nn.Linear(2 * width + media_features, 64), nn.ReLU(), nn.Linear(64, 1))
        self.to_steady_state = SteadyStateProjection(stoichiometry)

    def forward(self, data: HeteroData, media: Tensor) -> Tensor:
        """Predict fluxes `[samples, reactions]` from media `[samples, exchanges]`."""
        consumed, made = data["metabolite", "consumed_by", "reaction"], data["metabolite", "produced_by", "reaction"]
        # The graph has positive coefficients and the sign in its edge types; the layer needs signed coefficients.
        edge_index = torch.cat([consumed.edge_index, made.edge_index], dim=1)
        edge_weight = torch.cat([-consumed.edge_attr, made.edge_attr])
        state = torch.relu(self.to_reaction((data["metabolite"].x, data["reaction"].x), edge_index, edge_weight))
        whole = global_mean_pool(state, None).expand_as(state)
        nodes = torch.cat([state, whole], dim=-1).expand(len(media), -1, -1)
        conditions = media[:, None, :].expand(-1, nodes.shape[1], -1)
        raw = self.read_out(torch.cat([nodes, conditions], dim=-1)).squeeze(-1)
        # float64, because the projection is as exact as the dtype of its input; ×10 is a usual flux.
        steady: Tensor = self.to_steady_state(10.0 * raw.to(torch.float64))
        return steady


def main(steps: int = 100, samples: int = 32, seed: int = 0) -> dict[str, float]:
    """Train for a few steps; return the first and last loss, and the largest |S·v| [mmol/gDW/h]."""
    network = load_network("e_coli_core")
    data = to_hetero_data(network, inputs=list(RANGES))
    media = uniform_media(RANGES, samples, seed)
    labels = torch.from_numpy(simulate_fluxes(network, media).fluxes.to_numpy())
    inputs = torch.tensor(media.to_numpy() / 10.0, dtype=torch.float32)

    torch.manual_seed(seed)
    # The model needs only the graph, which contains the operator S.
    model = MyFluxModel(from_hetero_data(data), media_features=inputs.shape[1])
    model(data, inputs)  # the first call sets the -1 channels; the optimiser needs them
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    losses = []
    for step in range(steps):
        loss = (model(data, inputs) - labels).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        if step % max(steps // 5, 1) == 0 or step == steps - 1:
            print(f"step {step:4d}: mean squared error {losses[-1]:9.3f} (mmol/gDW/h)²")
    with torch.no_grad():
        residual = network.stoichiometry(model(data, inputs)).abs().max().item()
    print(f"largest |S·v| {residual:.1e} mmol/gDW/h")
    return {"first_loss": losses[0], "last_loss": losses[-1], "max_abs_sv": residual}


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--samples", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    main(arguments.steps, arguments.samples, arguments.seed)
