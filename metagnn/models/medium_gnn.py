"""MediumGNN: growth from what a medium holds, through learned uptakes and flux balance analysis."""

from __future__ import annotations

import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import InputError
from metagnn.fba.uptake_cuts import UptakeCuts
from metagnn.graph.features import node_features
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.models.flux_prediction import FluxPrediction
from metagnn.models.graph_encoder import GraphEncoder
from metagnn.models.medium_bounds import MediumBounds
from metagnn.models.medium_descriptors import medium_descriptors
from metagnn.models.medium_prediction import USUAL_NOISE, MediumPrediction
from metagnn.models.own_terms import carry_over
from metagnn.network.conditions import Conditions
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.nn.growth_optimum import GrowthOptimum
from metagnn.nn.least_cut import LeastCut

EMBEDDING = 0.5
"""Norm of the node state of an exchange beside its descriptors."""

LEVELS = np.linspace(-4.0, 2.0, 9)
"""Levels of the uptakes from which the start is chosen."""

START_ROWS = 32
"""Media by which it is chosen."""

PLENTY = 1.0
"""Start of the own term of what brings no carbon: where oxygen limits all media, nothing of the rest can be learned."""

SOFTNESS, SHARPENING = 0.1, 40.0
"""Softness of the least cut at the start, in units of the spread of growth, and steps in which it falls e-fold."""

HARD = 1e-3
"""Softness below which the least cut alone counts."""

EARLY, EVERY = (0, 5, 10, 20), 40
"""First steps before which exact growth is computed, for one member in turn, and the steps between further ones."""

MOST_ROWS = 200
"""Media of a batch for which it is."""


@dataclass(frozen=True)
class MediumGNNConfig:
    """Settings of a MediumGNN.

    Attributes:
        hidden_channels: Width of the node states.
        num_layers: Rounds of message passing in the encoder.
        members: Members of the ensemble.
    """

    hidden_channels: int = 16
    num_layers: int = 3
    members: int = 5

    def __post_init__(self) -> None:
        for name in ("hidden_channels", "num_layers", "members"):
            if getattr(self, name) < 1:
                raise InputError(f"`{name}` is {getattr(self, name)}; expected at least 1")


class MediumGNN(AbstractFluxModel):
    """Half learned, half mechanistic: an ensemble learns uptakes, a linear program turns them into growth.

    For media of which only is known what they hold. The uptakes (`MediumBounds`) are learned from growth alone,
    through the shadow prices of the program: in training growth is the least of its dual cuts (`LeastCut`), which are
    gathered where the members are, and exact in prediction. The states of the exchange nodes are those of an encoder
    whose weights stay as they were drawn: with a few nutrients a trained one would learn them by heart. Members differ
    by how much every medium counts for them (a Bayesian bootstrap, Rubin 1981, doi 10.1214/aos/1176345338), and what
    no training medium held by a draw from its prior. (A learned layer before a mechanistic one: Faure et al. 2023,
    doi 10.1038/s41467-023-40380-0.)

    Args:
        network: The network.
        inputs: Exchanges that the media name.
        config: Widths and members.
        saturates: Whether the media give concentrations [mM] rather than 1 and 0.

    Attributes:
        exchanges: The inputs, in the order of the uptakes.

    Shapes:
        lower, upper `[samples, reactions]`; of an input the uptake is 1 or the concentration, 0 where the medium does
        not hold it. To a `FluxPrediction` that holds growth alone, the other fluxes NaN.

    Raises:
        TableError: An input is no exchange of the network.
        NetworkError: The network has no growth reaction.
    """

    metabolite_features: Tensor
    reaction_features: Tensor
    descriptors: Tensor
    input_index: Tensor
    input_forward: Tensor
    states: Tensor
    codes: Tensor
    draws: Tensor
    seen: Tensor
    steps: Tensor
    growth_scale: Tensor
    patterns: Tensor

    def __init__(
        self,
        network: NetworkLike,
        inputs: Sequence[str],
        config: MediumGNNConfig | None = None,
        saturates: bool = False,
    ) -> None:
        super().__init__()
        network = as_network(network)
        self.config, self.exchanges = config or MediumGNNConfig(), tuple(inputs)
        self.growth_index = network.reaction_index(network.growth_reaction)
        features = node_features(network, inputs)
        positions = np.array([network.reaction_index(name) for name in inputs], dtype=np.int64)
        self.register_buffer("input_index", torch.from_numpy(positions), persistent=False)
        forward = dict(zip(network.exchanges, network.imports_forward.tolist(), strict=True))
        self.register_buffer("input_forward", torch.tensor([forward[name] for name in inputs]), persistent=False)
        self.register_buffer("metabolite_features", features.metabolite, persistent=False)
        self.register_buffer("reaction_features", features.reaction, persistent=False)
        self.register_buffer("edge_index", network.stoichiometry.edge_index, persistent=False)
        self.register_buffer("edge_value", network.stoichiometry.value, persistent=False)
        width, members = self.config.hidden_channels, self.config.members
        sizes = features.metabolite.shape[1], features.reaction.shape[1]
        self.encoder = GraphEncoder(*sizes, width, self.config.num_layers).requires_grad_(False)
        descriptors, carbon = medium_descriptors(network, inputs)
        kind = self.encoder.embed_reaction.weight
        self.register_buffer("descriptors", torch.from_numpy(descriptors).to(kind), persistent=False)
        self.bounds = MediumBounds(members, descriptors.shape[1] + width, torch.from_numpy(carbon).to(kind), saturates)
        self.log_noise = torch.nn.Parameter(torch.full((members,), math.log(USUAL_NOISE)))
        self.optimum, self.cuts = GrowthOptimum(network), LeastCut(len(self.exchanges))
        self._program = UptakeCuts(network, self.exchanges)
        self._register_training(members, descriptors.shape[1] + width)
        self.register_buffer("states", torch.zeros(0), persistent=False)
        self.encode()
        self.register_load_state_dict_post_hook(_encode)

    def _register_training(self, members: int, features: int) -> None:
        """Hold what belongs to one network, its media or one training."""
        names = [zlib.crc32(name.encode()) for name in self.exchanges]
        self.register_buffer("codes", torch.tensor(names, dtype=torch.int64))
        self.register_buffer("draws", torch.randn(features, members, dtype=torch.float64))
        self.register_buffer("seen", torch.ones(len(self.exchanges)))
        self.register_buffer("steps", torch.full((), -1))
        self.register_buffer("growth_scale", torch.ones((), dtype=torch.float64))
        self.register_buffer("patterns", torch.zeros(0, 0, dtype=torch.bool), persistent=False)
        self.samples = 1

    def load_state_dict(self, state_dict: Any, strict: bool = True, assign: bool = False) -> Any:
        """Load weights; own terms go with the names of the exchanges, and are zero for those that are new."""
        codes = state_dict.get("codes")
        if codes is not None and not torch.equal(codes, self.codes):
            state_dict = carry_over(state_dict, self.state_dict(), codes, self.codes)
        return super().load_state_dict(state_dict, strict, assign)

    def encode(self) -> None:
        """Compute the states of the inputs: descriptors and node state, shape `[inputs, features]`."""
        with torch.no_grad():
            states = self.encoder(self.metabolite_features, self.reaction_features, self.edge_index, self.edge_value)
            own = EMBEDDING * torch.nn.functional.normalize(states[self.input_index] - states.mean(0), dim=-1)
            self.states = torch.cat([self.descriptors.to(own), own], dim=-1)

    def begin(self, samples: FluxBatch) -> None:
        """Choose where training starts: the level of the uptakes at which the media grow as measured.

        There the substrates limit growth rather than what they have in common, so that every one is learned from.

        Args:
            samples: The training samples.
        """
        conditions, growth = samples.conditions, samples.observed[:, self.growth_index]
        self.seen = self.amounts(conditions).gt(0).any(0).to(self.seen)
        closed = conditions.closed
        if closed is not None:
            self.patterns = torch.unique(closed[closed.any(1)], dim=0)
        self.samples = len(samples)
        self.growth_scale.copy_(growth.nan_to_num().std(correction=0).clamp(min=1e-3))
        with torch.no_grad():
            self.bounds.uptake.own.add_(PLENTY * (self.bounds.carbon == 0))
            rows = conditions.rows(torch.linspace(0, len(samples) - 1, min(START_ROWS, len(samples))).long())
            usual = self._log_uptakes(rows)[:1].double()
            levels = torch.from_numpy(LEVELS)[:, None, None] * (self.bounds.carbon > 0) + usual
            solved = self._program.solve(levels.exp().flatten(0, 1).numpy())[0].reshape(len(LEVELS), -1)
            mean = np.nan_to_num(solved).clip(0.0).mean(axis=1)
            self.bounds.level.fill_(LEVELS[int(np.abs(mean - growth.nanmean().item()).argmin())])
        self.steps.zero_()

    def amounts(self, conditions: Conditions) -> Tensor:
        """What every medium holds of the inputs, shape `[samples, inputs]`: 1 and 0, or concentrations [mM]."""
        # Most models write an uptake as a flux below zero; an exchange written the other way takes up above it.
        low, high = conditions.lower[..., self.input_index], conditions.upper[..., self.input_index]
        return torch.where(self.input_forward, high, -low).clamp(min=0.0)

    def presence(self, conditions: Conditions) -> Tensor:
        """Which inputs every medium holds, boolean, shape `[samples, inputs]`: those that are open for uptake."""
        return self.amounts(conditions) > 0

    def _log_uptakes(self, conditions: Conditions, further: Tensor | None = None) -> Tensor:
        learned: Tensor = self.bounds(self.states, self.amounts(conditions), further)
        return learned

    def uptakes(self, conditions: Conditions) -> Tensor:
        """Largest uptakes of media, geometric means of the members', `[samples, inputs]` [mmol/gDW/h]."""
        return self._log_uptakes(conditions).mean(0).exp()

    def member_uptakes(self, conditions: Conditions) -> Tensor:
        """Largest uptakes by every member, `[members, samples, inputs]`; what was never seen is drawn from its prior.

        Draws are a function of the node, so that substrates that are alike are drawn alike; their mean is zero.
        """
        states = self.states.double()
        drawn = (states @ self.draws / states.norm(dim=-1, keepdim=True).clamp(min=1e-6)).T
        drawn = drawn - drawn.mean(0)
        unseen = self.seen == 0
        width = self.bounds.uptake.spread(~unseen)[:, None]
        return self._log_uptakes(conditions, width * drawn.to(width) * unseen).exp()

    def member_growth(self, conditions: Conditions) -> np.ndarray:
        """Exact growth by every member, shape `[members, samples]` [1/h]; 0 where a medium starves."""
        closed = None if conditions.closed is None else conditions.closed.numpy()
        with torch.no_grad():
            uptakes = self.member_uptakes(conditions).double().numpy()
        solved = [self._program.solve(of_member, closed)[0] for of_member in uptakes]
        growth: np.ndarray = np.nan_to_num(np.stack(solved)).clip(0.0)
        return growth

    def forward(self, conditions: Conditions) -> FluxPrediction:
        """Growth of every medium."""
        if self.training and self.steps >= 0:
            return self._learn(conditions)
        lower, upper, index, forward = conditions.lower, conditions.upper, self.input_index, self.input_forward
        uptakes = self.uptakes(conditions).to(lower.dtype)
        opened = (
            lower.index_copy(-1, index, torch.where(forward, lower[..., index], -uptakes)),
            upper.index_copy(-1, index, torch.where(forward, uptakes, upper[..., index])),
        )
        # Every program starts from the last one's optimum: beside a medium that holds the same, it is nearly there.
        order = torch.from_numpy(np.lexsort(self.presence(conditions).cpu().numpy().T)).to(lower.device)
        growth = self.optimum(*(bound[order] for bound in opened))[order.argsort()]
        return FluxPrediction(self._as_fluxes(lower, growth), self.growth_index)

    def _as_fluxes(self, like: Tensor, growth: Tensor) -> Tensor:
        grown = torch.tensor([self.growth_index], device=like.device)
        return torch.full_like(like, torch.nan).index_copy(-1, grown, growth[..., None].to(like.dtype))

    def _learn(self, conditions: Conditions) -> MediumPrediction:
        """Growth by the cuts, which are gathered on the way."""
        log_uptakes = self._log_uptakes(conditions)
        uptakes, pattern = log_uptakes.exp().double(), self._pattern(conditions)
        step = int(self.steps)
        if step in EARLY or step % EVERY == 0:
            turn = EARLY.index(step) if step in EARLY else len(EARLY) + step // EVERY
            self._gather(uptakes.detach()[turn % self.config.members], conditions, pattern)
        softness = SOFTNESS * math.exp(-step / SHARPENING)
        scale = float(self.growth_scale)
        growth = self.cuts(uptakes, pattern, softness * scale if softness > HARD else 0.0).T
        self.steps += 1
        penalty = self.bounds.penalty() + (self.log_noise - math.log(USUAL_NOISE)).square() / 2
        sign = torch.where(self.input_forward, 1, -1)
        return MediumPrediction(
            self._as_fluxes(conditions.lower, growth.detach().mean(-1)), self.growth_index, None, growth,
            log_uptakes.transpose(0, 1), self._share(conditions), self.log_noise, penalty / self.samples,
            torch.stack([self.input_index, sign]),
        )  # fmt: skip

    def _gather(self, uptakes: Tensor, conditions: Conditions, pattern: Tensor) -> None:
        rows = torch.linspace(0, len(pattern) - 1, min(MOST_ROWS, len(pattern))).long()
        closed = None if conditions.closed is None else conditions.closed[rows].cpu().numpy()
        _, slopes, offsets = self._program.solve(uptakes[rows].cpu().numpy(), closed)
        self.cuts.add(torch.from_numpy(slopes), torch.from_numpy(offsets), pattern[rows])

    def _pattern(self, conditions: Conditions) -> Tensor:
        """Which pattern of knockouts every sample has, 0 without, shape `[samples]`."""
        closed, lower = conditions.closed, conditions.lower
        if closed is None or not len(self.patterns):
            return torch.zeros(len(lower), dtype=torch.long, device=lower.device)
        same = (closed[:, None] == self.patterns.to(closed.device)).all(-1)
        return torch.where(same.any(1), same.to(torch.uint8).argmax(1) + 1, 0)

    def _share(self, conditions: Conditions) -> Tensor:
        """How much every medium counts for every member, mean 1, shape `[samples, members]`.

        A function of what it holds, not of its row: media that are alike count alike, in any order.
        """
        phase = self.amounts(conditions).double() @ (self.states.double() @ self.draws)
        uniform = torch.frac(torch.sin(7.0 + 12.9898 * phase) * 43758.5453).abs()
        return -torch.log(uniform.clamp(1e-6, 1.0))


def _encode(model: MediumGNN, _: Any) -> None:
    """Follow the weights of the encoder, which were loaded."""
    model.encode()
