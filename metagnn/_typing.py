"""Shapes of tensors; the only place where dimensions are named."""

from jaxtyping import Float, Int, Real
from torch import Tensor

Fluxes = Float[Tensor, "*batch reactions"]
"""Signed fluxes, one per reaction [mmol/gDW/h]; an exchange below zero is an uptake."""

GivenFluxes = Real[Tensor, "*batch reactions"]
"""Fluxes as an argument; integers are allowed and converted to float64 [mmol/gDW/h]."""

Imbalance = Float[Tensor, "*batch balances"]
"""Production minus consumption, one per row of an incidence (metabolite, element, …) [mmol/gDW/h]."""

GivenImbalance = Real[Tensor, "*batch balances"]
"""Balances as an argument; integers are allowed [mmol/gDW/h]."""

Metric = Float[Tensor, "reactions"]
"""A positive weight per reaction."""

GivenMetric = Real[Tensor, "reactions"]
"""A number per reaction as an argument; integers are allowed."""

EdgeIndex = Int[Tensor, "2 edges"]
"""Source and target node of every edge, as in PyTorch Geometric."""

EdgeWeight = Real[Tensor, "..."]
"""Coefficient of every edge: PyTorch Geometric's `edge_weight` `[edges]` or `edge_attr` `[edges, 1]`."""

SourceFeatures = Real[Tensor, "*#batch sources source_channels"]
TargetFeatures = Real[Tensor, "*#batch targets target_channels"]
TargetStates = Float[Tensor, "*#batch targets _"]
ReactionFeatures = Real[Tensor, "*batch reactions _"]
Basis = Float[Tensor, "reactions nullity"]
Stepwise = Real[Tensor, "steps reactions"]
Scalar = Float[Tensor, ""]
