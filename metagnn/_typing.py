"""Names for the shapes of tensors; the only place where dimensions are named."""

from jaxtyping import Float, Int
from torch import Tensor

Fluxes = Float[Tensor, "*batch reactions"]
"""Signed fluxes, one per reaction [mmol/gDW/h]; an exchange below zero is an uptake."""

Imbalance = Float[Tensor, "*batch balances"]
"""Production minus consumption, one per row of an incidence (metabolite, element, …) [mmol/gDW/h]."""

Metric = Float[Tensor, "reactions"]
"""A positive weight per reaction."""

EdgeIndex = Int[Tensor, "2 edges"]
"""Source and target node of every edge, as in PyTorch Geometric."""

EdgeWeight = Float[Tensor, "..."]
"""Coefficient of every edge, as PyTorch Geometric's `edge_weight` `[edges]` or `edge_attr` `[edges, 1]`."""

SourceFeatures = Float[Tensor, "*#batch sources source_channels"]
TargetFeatures = Float[Tensor, "*#batch targets target_channels"]
TargetStates = Float[Tensor, "*#batch targets _"]
ReactionFeatures = Float[Tensor, "*batch reactions _"]
Basis = Float[Tensor, "reactions nullity"]
Stepwise = Float[Tensor, "steps reactions"]
Scalar = Float[Tensor, ""]
