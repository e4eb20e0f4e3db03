"""Settings of a training run."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from metagnn.errors import InputError, unknown_name
from metagnn.models.loss_terms import BALANCE_WEIGHT

OPTIMIZERS = ("adamw", "sgd")


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of a training run.

    Attributes:
        epochs: Passes over the training samples; None trains in rounds of 150, 300 and 600 until the training fluxes
            fit, or a round no longer improves on the one before.
        batch_size: Samples per step on all devices together; the number of devices does not change the result.
        optimizer: "adamw" (Loshchilov and Hutter 2019, doi 10.48550/arXiv.1711.05101) with a one-cycle learning rate
            (Smith and Topin 2019, doi 10.48550/arXiv.1708.07120), or "sgd" with a constant one.
        learning_rate: Learning rate of "sgd", or the peak of the cycle.
        composition_learning_rate: Peak learning rate of a trainable biomass composition (logarithms of ratios).
        weight_decay: Decoupled weight decay of AdamW.
        gradient_clip: Largest norm of the gradient. A long unrolled iteration has rare, steep gradients; with ten
            times this limit, some seeds fail to extrapolate.
        bound_weight: Weight of squared bound violations, for "steady_state" [1/(mmol/gDW/h)²].
        carbon_weight: Weight λ1 of the squared carbon imbalance, for "soft". A network without the formulas is
            trained without it if the weight is the default.
        nitrogen_weight: Weight λ2 of the squared nitrogen imbalance, for "soft"; likewise.
        electron_weight: Weight of the squared electron imbalance, for "soft"; needed to tell CO2 from the composition
            if both are unknown.
        steady_state_weight: Weight λ3 of the mean squared S·v, for "soft".
        measurement_weight: Weight of the misfit of measured rates, for inputs "rates".
        validation_fraction: Share of the samples set aside for validation; required for early stopping.
        patience: Stop after this many epochs without improvement on the validation samples; None: do not stop early.
        accelerator: Lightning's accelerator: "auto", "cpu" or "cuda".
        devices: Lightning's number of devices, or "auto".
        strategy: Lightning's strategy: "auto", "ddp" (runs the whole program again for each further device) or
            "ddp_spawn" (starts processes for the training only; a script needs `if __name__ == "__main__":`).
        threads: CPU threads of the training. Rounding depends on their number, and training amplifies it: a seed
            gives the same result only for the same number of threads.
    """

    epochs: int | None = None
    batch_size: int = 128
    optimizer: str = "adamw"
    learning_rate: float = 5e-3
    composition_learning_rate: float = 0.05
    weight_decay: float = 1e-2
    gradient_clip: float = 0.1
    bound_weight: float = 1e-3
    carbon_weight: float = BALANCE_WEIGHT
    nitrogen_weight: float = BALANCE_WEIGHT
    electron_weight: float = 0.0
    steady_state_weight: float = 10.0
    measurement_weight: float = 1.0
    validation_fraction: float = 0.0
    patience: int | None = None
    accelerator: str = "auto"
    devices: int | str = 1
    strategy: str = "auto"
    threads: int = 1

    def __post_init__(self) -> None:
        if self.optimizer not in OPTIMIZERS:
            raise InputError("`optimizer`: " + unknown_name(str(self.optimizer), OPTIMIZERS, "optimizer"))
        for name in ("epochs", "batch_size", "threads"):
            if getattr(self, name) is not None and getattr(self, name) < 1:
                raise InputError(f"`{name}` is {getattr(self, name)}; expected at least 1")
        for name in ("learning_rate", "composition_learning_rate", "gradient_clip"):
            if not getattr(self, name) > 0:
                raise InputError(f"`{name}` is {getattr(self, name)}; expected a positive number")
        weights = (field.name for field in dataclasses.fields(self) if field.name.endswith("_weight"))
        for name in ("weight_decay", *weights):
            if not getattr(self, name) >= 0:
                raise InputError(f"`{name}` is {getattr(self, name)}; expected at least 0")
        if not 0 <= self.validation_fraction < 1:
            raise InputError(f"`validation_fraction` is {self.validation_fraction}; expected a share below 1")
        if self.patience is not None and (self.patience < 1 or self.validation_fraction == 0):
            raise InputError(
                f"`patience` is {self.patience} with `validation_fraction` {self.validation_fraction}; early stopping "
                "needs at least 1 epoch and a validation share above 0"
            )
