"""SubstrateTerm: one number per substrate, from what it is and from a shrunk term of its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn

SHAPE = 2.0
"""Shape of the inverse gamma prior of a squared width: wide enough for the data to say how much substrates differ."""


class SubstrateTerm(nn.Module):
    r"""One number per substrate and member of an ensemble: $x_s = h_s \cdot w + \delta_s$.

    The first part follows from the features of the substrate's node and holds for any substrate. The second belongs to
    the substrate: $\delta_s \sim N(0, \tau^2)$ with one width τ for all, which the data set (a hierarchical prior,
    Gelman 2006, doi 10.1214/06-BA117A). τ² has an inverse gamma prior and is integrated out, so that the penalty of
    all own terms together is that of a multivariate t: small where they are all small, and barely growing where the
    data insist that substrates differ.

    Args:
        members: Members of the ensemble.
        features: Features of a substrate.
        substrates: Number of substrates.
        slope: Standard deviation of the weights of the features before training.
        width: Typical size of the own terms before training.

    Shapes:
        states `[substrates, features]` to `[members, substrates]`.
    """

    def __init__(self, members: int, features: int, substrates: int, slope: float = 0.5, width: float = 0.3) -> None:
        super().__init__()
        self.slope, self.width = slope, width
        self.weight = nn.Parameter(torch.zeros(members, features))
        self.own = nn.Parameter(torch.zeros(members, substrates))

    def forward(self, states: Tensor) -> Tensor:
        """Compute the number of every substrate."""
        return self.weight @ states.to(self.weight).T + self.own

    def penalty(self) -> Tensor:
        """Minus the logarithm of the prior up to a constant, shape `[members]`."""
        count = self.own.shape[-1]
        scale = 2.0 * (SHAPE + 1.0) * self.width**2
        own = (SHAPE + count / 2.0) * torch.log1p(self.own.square().sum(-1) / scale)
        return own + 0.5 * (self.weight / self.slope).square().sum(-1)

    def spread(self, seen: Tensor) -> Tensor:
        """Width of the own terms as the substrates that were seen have it, shape `[members]`.

        Args:
            seen: Which substrates some training medium held, boolean, shape `[substrates]`.
        """
        scale = 2.0 * (SHAPE + 1.0) * self.width**2
        squares = (self.own.square() * seen).sum(-1)
        return ((scale + squares) / (2.0 * SHAPE + seen.sum())).sqrt()
