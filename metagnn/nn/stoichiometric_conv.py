"""Signed local message passing between metabolites and reactions."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch_geometric.nn import MessagePassing
from torch_geometric.nn.dense.linear import Linear

from metagnn._typing import EdgeIndex, EdgeWeight, SourceFeatures, TargetFeatures, TargetStates
from metagnn.errors import InputError
from metagnn.network.precision import require_floating, working


class StoichiometricConv(MessagePassing):
    r"""Signed message passing over a bipartite graph, weighted by stoichiometric coefficients.

    GraphSAGE's update with a sum (Hamilton et al. 2017, `Inductive representation learning on large graphs
    <https://doi.org/10.48550/arXiv.1706.02216>`_), with one set of weights for signed coefficients (made or used) and
    one for their magnitudes (how much takes part).

    Matrix form, with $A$ the targets × sources matrix of coefficients (S, or its transpose):
    $H_t' = H_t W_\text{self} + \hat A H_s W_\text{signed} + |\hat A| H_s W_\text{unsigned} + b$; node-wise
    $h_t' = W_\text{self} h_t + W_\text{signed} \sum_s \hat a_{ts} h_s
    + W_\text{unsigned} \sum_s |\hat a_{ts}| h_s + b$.

    Normalised coefficients $\hat a_{ts} = a_{ts} / \sqrt{\sum_{s'} a_{ts'}^2}$ keep the variance of independent
    messages, both at hubs with hundreds of neighbours and for biomass coefficients of 60. Messages to reactions then
    do not depend on the scale of a reaction, and a reversed reaction only changes the sign of their signed part.
    Messages to metabolites do depend on the scale.

    Args:
        in_channels: Channels of every node, or of (sources, targets); -1 takes them from the first input.
        out_channels: Output channels of every target.
        normalize: Whether to normalise the coefficients at every target.
        bias: Whether to add a bias.

    Shapes:
        x `[..., nodes, in_channels]` or a pair `[..., sources, in_channels]`, `[..., targets, in_channels]`;
        edge_index `[2, edges]` from source to target; edge_weight `[edges]` or `[edges, 1]`; to
        `[..., targets, out_channels]`. All leading dimensions share the one static graph.

    >>> from metagnn.network import load_network
    >>> S = load_network("e_coli_core").stoichiometry
    >>> metabolites, reactions = torch.ones(10, 72, 3), torch.ones(95, 4)
    >>> conv = StoichiometricConv((3, 4), 8)
    >>> conv((metabolites, reactions), S.edge_index, S.value).shape
    torch.Size([10, 95, 8])
    """

    def __init__(
        self, in_channels: int | tuple[int, int], out_channels: int, normalize: bool = True, bias: bool = True
    ) -> None:
        super().__init__(aggr="add", node_dim=-2)
        sources, targets = (in_channels, in_channels) if isinstance(in_channels, int) else in_channels
        self.in_channels, self.out_channels, self.normalize = in_channels, out_channels, normalize
        self.lin_self = Linear(targets, out_channels, bias=False)
        self.lin_signed = Linear(sources, out_channels, bias=False)
        self.lin_unsigned = Linear(sources, out_channels, bias=False)
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None

    def reset_parameters(self) -> None:
        """Draw new weights; the bias starts at zero."""
        super().reset_parameters()
        for linear in (self.lin_self, self.lin_signed, self.lin_unsigned):
            linear.reset_parameters()
        if self.bias is not None:
            nn.init.zeros_(self.bias)

    def forward(
        self,
        x: SourceFeatures | tuple[SourceFeatures, TargetFeatures | None],
        edge_index: EdgeIndex,
        edge_weight: EdgeWeight,
        size: tuple[int, int] | None = None,
    ) -> TargetStates:
        """Update every target from its sources.

        Args:
            x: Features of the nodes, or of (sources, targets). With targets None, the term of the target is left out.
            edge_index: Source and target of every edge: `Incidence.edge_index` from metabolites to reactions, flipped
                from reactions to metabolites.
            edge_weight: Coefficient of every edge.
            size: Numbers of sources and targets; required if the targets are None.

        Raises:
            InputError: The features are integers, the number of weights is not that of edges, or the number of
                targets is unknown.
        """
        source, target = (x, x) if isinstance(x, Tensor) else x
        for features in (source, target):
            if features is not None:
                require_floating("x", features)
        if edge_weight.numel() != edge_index.shape[1]:
            raise InputError(
                f"`edge_weight` has {edge_weight.numel()} entries; expected one for each edge, {edge_index.shape[1]}"
            )
        if target is not None:
            size = (source.shape[-2], target.shape[-2])
        if size is None:
            raise InputError("`size` is required if `x` has no targets; expected (sources, targets)")
        # Use float32 for half precision, in which the sum of squares at a hub would be wrong.
        weight = edge_weight.reshape(-1).to(working(source).dtype)
        if self.normalize:
            weight = _normalised(weight, edge_index[1], size[1])
        weight = weight.to(source.dtype)
        # Project the channels first and add both kinds of message on the edge: gather and scatter, which dominate the
        # cost, then run once, on the output width.
        out: Tensor = self.propagate(
            edge_index,
            signed=(self.lin_signed(source), None),
            unsigned=(self.lin_unsigned(source), None),
            weight=weight,
            size=size,
        )
        if target is not None:
            out = out + self.lin_self(target)
        return out if self.bias is None else out + self.bias

    # Plain tensors: with annotations that PyG cannot read, it falls back to slower code.
    def message(self, signed_j: Tensor, unsigned_j: Tensor, weight: Tensor) -> Tensor:
        """Compute the message of every edge, shape `[..., edges, out_channels]`."""
        weight = weight.unsqueeze(-1)
        return weight * signed_j + weight.abs() * unsigned_j

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.in_channels}, {self.out_channels}, normalize={self.normalize})"


def _normalised(weight: Tensor, target: Tensor, targets: int) -> Tensor:
    power = weight.new_zeros(targets).index_add(0, target, weight.square())
    # A target whose coefficients are all zero receives zero; its gradient stays finite.
    return weight * torch.where(power > 0, power, 1.0).rsqrt()[target]
