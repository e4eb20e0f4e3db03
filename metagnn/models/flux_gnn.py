"""FluxGNN: a graph encoder parametrises every reaction node, an unrolled splitting carries each sample."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from metagnn._typing import Fluxes
from metagnn.datasets.flux_batch import FluxBatch
from metagnn.errors import InputError
from metagnn.fba.growth_cuts import growth_cuts
from metagnn.fba.typical_fluxes import typical_fluxes
from metagnn.graph.features import node_features
from metagnn.models.constraint import AbstractConstraint, Unfinished, as_constraint
from metagnn.models.exact_layers import ExactLayers
from metagnn.models.flux_model import AbstractFluxModel
from metagnn.models.flux_prediction import FluxPrediction
from metagnn.models.graph_encoder import GraphEncoder
from metagnn.models.widest_bounds import widest_bounds
from metagnn.network.compression import compress
from metagnn.network.conditions import Conditions
from metagnn.network.network_like import NetworkLike, as_network
from metagnn.network.sparse_balances import SparseBalances
from metagnn.nn.biomass import BiomassComposition
from metagnn.nn.grouped_parameters import group_measurements, group_parameters
from metagnn.nn.growth_limit import limit_growth
from metagnn.nn.reaction_groups import ReactionGroups
from metagnn.nn.splitting import SplittingParameters, UnrolledSplitting

SMALLEST_SPREAD = 0.1
"""Spread of normalised fluxes below which a flux counts as varying this much."""

TYPICAL_SPREAD = 0.5
"""Root mean square spread of the normalised fluxes that vary; e_coli_core and iJO1366 have about this one as it is."""

NEGLIGIBLE_SPREAD = 1e-9
"""Spread of normalised fluxes up to which a flux does not vary."""

MOST_DENSE_GROUPS = 500
"""Groups of reactions above which a sparse factor of their balances is faster than a basis of their null space."""

SMALLEST_SIZE = 1e-3
"""Size below which a sample is not normalised further [mmol/gDW/h]."""


@dataclass(frozen=True)
class FluxGNNConfig:
    """Settings of a FluxGNN.

    Attributes:
        hidden_channels: Width of the encoder's node states.
        num_layers: Rounds of message passing in the encoder.
        steps: Steps of the unrolled splitting.
        alpha_start: Carbon in biomass where an "elemental" composition starts [mmol/gDW]; None for the model's own.
        beta_start: Nitrogen there [mmol/gDW].
    """

    hidden_channels: int = 32
    num_layers: int = 4
    steps: int = 48
    alpha_start: float | None = None
    beta_start: float | None = None

    def __post_init__(self) -> None:
        for name in ("hidden_channels", "num_layers", "steps"):
            if getattr(self, name) < 1:
                raise InputError(f"`{name}` is {getattr(self, name)}; expected at least 1")


class FluxGNN(AbstractFluxModel):
    """Predicts the flux on every reaction node of a metabolic network.

    The encoder reads the static graph: what every metabolite and reaction is. Its head gives every reaction the
    scale, start, cost and drives of an unrolled splitting (`UnrolledSplitting`), in which each sample's bounds and
    measurements travel through the network. No parameter belongs to one reaction, so trained weights apply to
    another network. Before training, the head is zero and the model is a truncated flux balance analysis.

    Two laws of linear programs are built in, because they carry predictions beyond the training media: fluxes scale
    with the medium (`sample_size`), and learned drives fade out over the steps, so that the last steps are the
    solver's own.

    Args:
        network: The network.
        inputs: Exchanges that vary among the samples.
        constraint: One of `metagnn.choices.CONSTRAINTS`, or a constraint with options, such as
            `Polytope(energy="free")`. It owns the last operation.
        config: Widths and steps.
        composition: "fixed", "elemental" or "precursor": see `BiomassComposition`; S is that with its column.

    Shapes:
        every tensor of the conditions `[samples, reactions]` [mmol/gDW/h]; to fluxes of the same shape.

    Raises:
        InputError: An unknown constraint.
        NetworkError: The network has no growth reaction.
    """

    metabolite_features: Tensor
    reaction_features: Tensor
    is_growth: Tensor
    fade: Tensor
    flux_scale: Tensor
    growth_drive: Tensor
    unit: Tensor
    mean_flux: Tensor
    growth_cuts: Tensor
    beside = ("flux_scale", "unit", "mean_flux", "growth_cuts")

    def __init__(
        self,
        network: NetworkLike,
        inputs: Sequence[str] = (),
        constraint: str | AbstractConstraint = "steady_state",
        config: FluxGNNConfig | None = None,
        composition: str = "fixed",
    ) -> None:
        super().__init__()
        self._constraint, self.config = as_constraint(constraint), config or FluxGNNConfig()
        network = self._constraint.relax(as_network(network))
        self.growth_index = network.reaction_index(network.growth_reaction)
        # A copy: moving the model to a device must not move the network's own operator.
        self.stoichiometry = copy.deepcopy(network.stoichiometry)
        self.composition = BiomassComposition(network, composition)
        if self.config.alpha_start is not None or self.config.beta_start is not None:
            self.composition.reset_contents(self.config.alpha_start, self.config.beta_start)
        self._register_calibration(len(network.reactions))
        # How strongly the exact layer pulls at growth, in units of its scale; found on data after training.
        self.register_buffer("growth_drive", torch.zeros(()))
        features = node_features(network, inputs)
        self.widest = widest_bounds(network, inputs)
        if self.composition.trainable:
            # Its column moves, and with it what moves together; its basis follows, which a factor would not.
            self.balances, self._compression = None, None
            self.groups = ReactionGroups(np.arange(len(network.reactions)), np.ones(len(network.reactions)))
        else:
            compression = self._compression = compress(network.stoichiometry, *self.widest)
            sparse = compression.basis is None or compression.coupled.groups > MOST_DENSE_GROUPS
            self.balances = SparseBalances(compression.coupled.matrix) if sparse else None
            self.groups = ReactionGroups.from_coupled(compression.coupled, compression.basis)
        self.register_buffer("metabolite_features", features.metabolite, persistent=False)
        self.register_buffer("reaction_features", features.reaction, persistent=False)
        is_growth = torch.zeros(len(network.reactions))
        is_growth[self.growth_index] = 1.0
        self.register_buffer("is_growth", is_growth, persistent=False)
        # Learned drives jump towards the answer and fade out: the last steps are the solver's own, whose fixed
        # point is an optimum on any medium. Without fading, drives fitted to the training media stay in the answer.
        fade = 1 - torch.arange(self.config.steps) / max(self.config.steps - 1, 1)
        self.register_buffer("fade", fade, persistent=False)
        further = network.further_constraints
        self.widest_bound = further.unlimited(network.bounds)
        # Slacks have units of their own, which say nothing about the size of a medium.
        self._sized = torch.from_numpy(further.reactions) if len(further.columns) else slice(None)
        self.varied_count = max(len(inputs), 1)
        width, steps = self.config.hidden_channels, self.config.steps
        channels = features.metabolite.shape[1], features.reaction.shape[1]
        self.encoder = GraphEncoder(*channels, width, self.config.num_layers)
        self.splitting = UnrolledSplitting(steps)
        # Columns of the head: log scale, log cost, log trust in measurements, start, then one drive per step.
        self.head = nn.Linear(width, 4 + steps)
        self.log_growth_drive = nn.Parameter(torch.empty(steps))
        self.log_growth_weight = nn.Parameter(torch.empty(()))
        self.log_cost, self.log_trust = nn.Parameter(torch.empty(())), nn.Parameter(torch.empty(()))
        # Outside the modules: a constant of the network and the composition, not a part of the state.
        self._layers: ExactLayers | None = None
        self.reset_head()
        if not self.composition.trainable:
            # Inside a transform of `torch.func` its arrays could not be read from tensors.
            _ = self._exact().settled

    def _register_calibration(self, reactions: int) -> None:
        """Hold what `calibrate` sets: of one network and its media, so no part of the state that serves another."""
        self.register_buffer("flux_scale", torch.ones(reactions), persistent=False)
        # Of a sample's size, such that fluxes vary by about `TYPICAL_SPREAD` on every network.
        self.register_buffer("unit", torch.ones((), dtype=torch.float64), persistent=False)
        self.register_buffer("mean_flux", torch.zeros(reactions), persistent=False)
        # Prices of the bounds, which limit growth in every medium: see `growth_cuts`; none where S is trained.
        self.register_buffer("growth_cuts", torch.zeros(0, 0, dtype=torch.float64), persistent=False)

    @property
    def constraint(self) -> AbstractConstraint:
        """How exact predictions are; read-only."""
        return self._constraint

    @constraint.setter
    def constraint(self, constraint: object) -> None:
        raise InputError(f"`constraint` of a model cannot be changed; ask for `with_constraint({constraint!r})`")

    @property
    def biomass(self) -> BiomassComposition | None:
        """The trainable composition of biomass; None where it is that of the network."""
        return self.composition if self.composition.trainable else None

    def with_constraint(self, constraint: str | AbstractConstraint) -> FluxGNN:
        """A copy of the model, weights included, with another last operation; this one stays as it is.

        Raises:
            InputError: An unknown constraint, or one that lifts other bounds: those are part of the model.
        """
        wanted = as_constraint(constraint)
        for name in ("energy", "open_exchanges"):
            own, other = getattr(self._constraint, name), getattr(wanted, name)
            if own != other:
                raise InputError(f"`constraint` has {name} {other!r}; expected {own!r}, for which the model was made")
        model = copy.deepcopy(self)
        model._constraint = wanted
        return model

    def reset_head(self) -> None:
        """Start as a truncated flux balance analysis: every reaction alike, a drive on growth."""
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)
        nn.init.constant_(self.log_growth_drive, 1.2)
        nn.init.constant_(self.log_growth_weight, 2.3)
        nn.init.constant_(self.log_cost, -4.0)
        nn.init.constant_(self.log_trust, -4.0)

    def reaction_parameters(self) -> tuple[SplittingParameters, Tensor]:
        """What the encoder gives every reaction node: its part in the splitting, and its trust in measurements."""
        state = self.encoder(
            self.metabolite_features, self.reaction_features, self.stoichiometry.edge_index, self.stoichiometry.value
        )
        head = self.head(state)
        # Growth is a hundredth of a typical flux: measured in a smaller unit it moves as far as the others.
        scale = self.flux_scale * torch.exp(head[:, 0] - self.log_growth_weight * self.is_growth)
        growth_drive = torch.exp(self.log_growth_drive)[:, None] * self.is_growth
        parameters = SplittingParameters(
            scale=scale,
            drive=self.fade[:, None] * head[:, 4:].T + growth_drive,
            shrinkage=torch.exp(head[:, 1] + self.log_cost),
            start=self.mean_flux + head[:, 3] * scale,
        )
        return parameters, torch.exp(head[:, 2] + self.log_trust)

    def prepare(self, network: NetworkLike, conditions: Conditions) -> None:
        """Calibrate with what flux balance analysis says of up to a hundred of the samples."""
        lower, upper = conditions.lower, conditions.upper
        typical, rows = typical_fluxes(as_network(network), lower.numpy(), upper.numpy())
        if len(rows):
            self.calibrate(torch.from_numpy(typical), lower[rows], upper[rows])
        if conditions.measured is not None:
            # Measured rates say where a sample is. Started from the mean, a composition that is fitted to them ends
            # where it began: apart by .4 % after 120 epochs, where a start from zero leaves .005 %.
            self.mean_flux.zero_()

    def calibrate(self, fluxes: Fluxes, lower: Fluxes, upper: Fluxes) -> None:
        """Measure distances in units of how much every flux varies (its root: the middle of that and all alike).

        In equal units a change of one uptake spreads over every reaction of a genome-scale network, and nothing is
        learned. A property of the network and its media, not a parameter: on another network it is measured anew.

        Args:
            fluxes: Typical fluxes, as those of flux balance analysis, shape `[samples, reactions]` [mmol/gDW/h].
            lower: Lower bounds of their media.
            upper: Upper bounds of their media.

        Raises:
            InputError: No sample: a spread of nothing would make every later flux NaN.
        """
        if not len(fluxes):
            raise InputError("`fluxes` has no samples; expected at least one typical flux")
        self.unit.fill_(1.0)
        normal = fluxes / self.sample_size(lower, upper)
        spread = normal.std(0, correction=0)
        moving = spread > NEGLIGIBLE_SPREAD
        if moving.any():
            self.unit.fill_(float(spread[moving].square().mean().sqrt()) / TYPICAL_SPREAD)
        self.flux_scale = (spread / self.unit).clamp(min=SMALLEST_SPREAD).sqrt().to(self.flux_scale)
        self.mean_flux = (normal / self.unit).mean(0).to(self.mean_flux)
        if self._compression is not None:
            cuts = growth_cuts(self._compression.coupled, self.growth_index, lower.numpy(), upper.numpy())
            self.growth_cuts = torch.from_numpy(cuts).to(self.growth_cuts.device)

    def check_loaded(self) -> None:
        """Check that the cuts of growth have a price for every group of reactions."""
        if self.growth_cuts.dim() != 2 or (len(self.growth_cuts) and self.growth_cuts.shape[1] != self.groups.groups):
            shape = tuple(self.growth_cuts.shape)
            raise RuntimeError(f"`growth_cuts` has shape {shape}; expected a column for {self.groups.groups} groups")

    def after_training(self, samples: FluxBatch, scale: Tensor) -> None:
        """Do what the constraint asks for."""
        self._constraint.after_training(self, samples, scale)

    def forward(self, conditions: Conditions) -> FluxPrediction:
        """Predict every flux."""
        lower, upper = conditions.lower, conditions.upper
        measured, deviation = conditions.measured, conditions.deviation
        parameters, trust = self.reaction_parameters()
        size = self.sample_size(lower, upper, measured)
        grouped = group_parameters(self.groups, parameters)
        seen = precision = None
        if measured is not None and deviation is not None:
            of_samples = measured / size, deviation / size
            seen, precision = group_measurements(self.groups, *of_samples, trust, parameters.scale)
        at, cuts = self.growth_index, self.growth_cuts
        bounds = limit_growth(*self.groups.bounds(lower / size, upper / size), cuts, self.groups, at)
        result = self.splitting(*bounds, grouped, self._steady_states(), seen, precision)

        def nearest_feasible(fluxes: Tensor) -> Tensor:
            scale = parameters.scale.to(fluxes.dtype)
            target = fluxes + self.growth_drive * size * scale * self.is_growth
            nearest: Tensor = self._exact().polytope(target, lower, upper, scale.pow(-2))
            return nearest

        def settle(fluxes: Tensor) -> Tensor:
            return self._exact().settled(fluxes)

        groups = self.groups.expand
        fluxes = self._constraint.last_operation(
            Unfinished(conditions, self.growth_index, result, size, groups, nearest_feasible, settle, self.training)
        )
        return FluxPrediction(fluxes, self.growth_index, self.composition.change() if self.biomass else None)

    def _steady_states(self) -> Tensor | SparseBalances:
        """The steady states of the groups, as the splitting takes them fastest."""
        basis = self.groups.basis
        # The sparse factor is solved on the CPU; on another device a basis is faster, where there is one.
        if self.balances is not None and (basis is None or basis.device.type == "cpu"):
            return self.balances
        return self.composition.basis() if basis is None else basis

    def _exact(self) -> ExactLayers:
        """The exact layers for the biomass column in use; made anew only when that has changed."""
        known, S, trained = self._layers, self.stoichiometry, self.composition.trainable
        if known is None or trained:
            column = self.composition.column().detach()
            if known is None or not torch.equal(known.column.to(column.device), column):
                S = S.with_column(self.growth_index, column) if trained else S
                known = self._layers = ExactLayers(S, column.clone(), self.widest, self.groups, self._compression)
        return known

    def sample_size(self, lower: Fluxes, upper: Fluxes, measured: Fluxes | None = None) -> Tensor:
        """Size of every sample, by which it is normalised, shape `[..., 1]` [mmol/gDW/h].

        A linear program is homogeneous: on a medium with every limit doubled all fluxes double. Normalised by the
        root mean square of its limits and measurements, a sample of unseen size is one of seen size again.
        """
        known = [lower, upper] if measured is None else [lower, upper, measured]
        limits = torch.cat([values[..., self._sized] for values in known], dim=-1).abs()
        # Bounds as wide as the widest only say that nothing limits the flux.
        counted = (limits > 0) & (limits < self.widest_bound)
        total = torch.where(counted, limits, 0.0).square().sum(-1, keepdim=True)
        return (total / self.varied_count).sqrt().clamp(min=SMALLEST_SIZE) * self.unit
