"""MediumBounds: learn uptake bounds from the composition of a medium, by several members at once."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import softplus

from metagnn.models.medium_descriptors import USUAL_CARBON
from metagnn.nn.substrate_term import SubstrateTerm

USUAL_UPTAKE = 10.0
"""Largest uptake of glucose before training [mmol/gDW/h]: its usual limit in published models."""

PLENTIFUL_UPTAKE = 20.0
"""Largest uptake of what brings no carbon, such as oxygen, before training [mmol/gDW/h]."""

USUAL_BUDGET = 300.0
"""Carbon that a cell can take up in all before training [mmol C/gDW/h]: five times that of the usual uptake."""

SHARPNESS = 4.0
"""How abruptly the budget limits the uptakes."""

USUAL_HALF = 0.5
"""Concentration at which an uptake is half of its largest before training [mM]."""

WEAK = -2.5
"""Repression before training, before the softplus: 8 %."""


class MediumBounds(nn.Module):
    r"""Largest uptake of every nutrient in a medium.

    $u_s = B(e^{a + x_s - \sum_{t \ne s} \kappa_{ts} m_t}\, m_s)$, where

    * $x_s$ follows from the node of the substrate, and has a shrunk term of the substrate's own (`SubstrateTerm`); its
      prior is that all substrates bring the same carbon;
    * $m_s$ is the saturation: $c/(K_s + c)$ at a concentration c, 1 where only is known that the medium holds it;
    * $\kappa_{ts} = \mathrm{softplus}(b + r_t - q_s + \omega_{ts}) \ge 0$ is by how much t represses the uptake of s:
      how strongly t represses, how well s resists, both from nodes and own terms, and a shrunk term of the pair;
    * $B$ scales all uptakes of organic substrates so that their carbon stays within a budget.

    Every parameter has a prior, whose logarithm `penalty` returns.

    Args:
        members: Members of the ensemble.
        features: Features of a substrate.
        carbon: Carbon atoms per substrate, shape `[exchanges]`; 0 for what takes no part in repression and budget.
        saturates: Whether the medium is known by concentrations.

    Shapes:
        states `[exchanges, features]`, amounts `[samples, exchanges]` (1 and 0, or mM); to the logarithm of the
        uptakes, `[members, samples, exchanges]` [log mmol/gDW/h], −inf for what is absent.
    """

    carbon: Tensor
    usual: Tensor

    def __init__(self, members: int, features: int, carbon: Tensor, saturates: bool = False) -> None:
        super().__init__()
        self.saturates = saturates
        self.register_buffer("carbon", carbon, persistent=False)
        usual = torch.where(carbon > 0, USUAL_UPTAKE * USUAL_CARBON / carbon.clamp(min=1.0), PLENTIFUL_UPTAKE)
        self.register_buffer("usual", usual.log(), persistent=False)
        exchanges = len(carbon)
        self.level = nn.Parameter(torch.zeros(members))
        self.uptake = SubstrateTerm(members, features, exchanges)
        self.represses = SubstrateTerm(members, features, exchanges, width=0.7)
        self.resists = SubstrateTerm(members, features, exchanges, width=0.7)
        self.pairs = SubstrateTerm(members, 0, exchanges * exchanges, width=0.3)
        self.repression = nn.Parameter(torch.zeros(members))
        self.budget = nn.Parameter(torch.zeros(members))
        self.half_saturation = SubstrateTerm(members, features, exchanges) if saturates else None
        self.half_level = nn.Parameter(torch.zeros(members)) if saturates else None

    def log_saturation(self, states: Tensor, amounts: Tensor) -> Tensor:
        """Logarithm of the share of the largest uptake that an amount allows, `[members or 1, samples, exchanges]`."""
        if self.half_saturation is None or self.half_level is None:
            return torch.log((amounts > 0).to(self.level))[None]
        half = USUAL_HALF * torch.exp(self.half_level[:, None] + self.half_saturation(states))
        amounts = amounts.to(self.level)
        # Not the logarithm of the share: its gradient is no number where nothing is held.
        return torch.log(amounts) - torch.log(amounts + half[:, None])

    def kappa(self, states: Tensor) -> Tensor:
        """How much every substrate represses every other, shape `[members, repressing, repressed]`."""
        exchanges = len(self.carbon)
        pairs = self.pairs.own.unflatten(-1, (exchanges, exchanges))
        strength = self.represses(states)[:, :, None] - self.resists(states)[:, None] + pairs
        organic = self.carbon > 0
        among = organic[:, None] & organic & ~torch.eye(exchanges, dtype=torch.bool, device=organic.device)
        kappa: Tensor = softplus(WEAK + self.repression[:, None, None] + strength) * among
        return kappa

    def forward(self, states: Tensor, amounts: Tensor, further: Tensor | None = None) -> Tensor:
        """Compute the logarithm of the largest uptakes in every medium.

        Args:
            states: What every substrate is.
            amounts: What every medium holds.
            further: Added to the term of every substrate, shape `[members, exchanges]`.
        """
        log_held = self.log_saturation(states, amounts)
        term = self.usual + self.level[:, None] + self.uptake(states)
        if further is not None:
            term = term + further
        log_uptake = term[:, None] - log_held.exp() @ self.kappa(states) + log_held
        spent = (torch.exp(log_uptake) * self.carbon).sum(-1, keepdim=True)
        share = spent / (USUAL_BUDGET * torch.exp(self.budget)[:, None, None])
        cut = torch.log1p(share**SHARPNESS) / SHARPNESS
        limited: Tensor = log_uptake - cut * (self.carbon > 0)
        return limited

    def penalty(self) -> Tensor:
        """Minus the logarithm of the prior up to a constant, shape `[members]`."""
        terms = [self.uptake, self.represses, self.resists, self.pairs]
        scalars: list[Tensor] = [self.level, self.repression, self.budget]
        if self.half_saturation is not None and self.half_level is not None:
            terms, scalars = [*terms, self.half_saturation], [*scalars, self.half_level / 1.5]
        total = 0.5 * torch.stack(scalars).square().sum(0)
        for term in terms:
            total = total + term.penalty()
        return total
