import dataclasses
import math

import pytest

from metagnn.errors import InputError
from metagnn.training import TrainingConfig


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("epochs", 0, "`epochs` is 0; expected at least 1"),
        ("batch_size", -3, "`batch_size` is -3; expected at least 1"),
        ("learning_rate", 0.0, "`learning_rate` is 0.0; expected a positive number"),
        ("learning_rate", math.nan, "`learning_rate` is nan; expected a positive number"),
        ("gradient_clip", -1.0, "`gradient_clip` is -1.0; expected a positive number"),
        ("weight_decay", -0.1, "`weight_decay` is -0.1; expected at least 0"),
        ("bound_weight", -1.0, "`bound_weight` is -1.0; expected at least 0"),
        ("carbon_weight", math.nan, "`carbon_weight` is nan; expected at least 0"),
        ("nitrogen_weight", -1.0, "`nitrogen_weight` is -1.0; expected at least 0"),
        ("electron_weight", -1.0, "`electron_weight` is -1.0; expected at least 0"),
        ("composition_learning_rate", 0.0, "`composition_learning_rate` is 0.0; expected a positive number"),
        ("steady_state_weight", -1.0, "`steady_state_weight` is -1.0; expected at least 0"),
        ("measurement_weight", -1.0, "`measurement_weight` is -1.0; expected at least 0"),
        ("validation_fraction", 1.0, "`validation_fraction` is 1.0; expected a share below 1"),
        ("validation_fraction", -0.1, "`validation_fraction` is -0.1; expected a share below 1"),
        ("validation_fraction", math.nan, "`validation_fraction` is nan; expected a share below 1"),
    ],
)
def test_settings_out_of_range_are_refused(name, value, message):
    with pytest.raises(InputError, match=message):
        TrainingConfig(**{name: value})


@pytest.mark.parametrize(("patience", "fraction"), [(0, 0.2), (5, 0.0), (-1, 0.0)])
def test_early_stopping_needs_patience_and_something_to_watch(patience, fraction):
    with pytest.raises(InputError, match=f"`patience` is {patience} with `validation_fraction` {fraction}"):
        TrainingConfig(patience=patience, validation_fraction=fraction)


def test_the_edges_are_allowed_and_settings_do_not_change():
    config = TrainingConfig(epochs=1, batch_size=1, weight_decay=0, bound_weight=0, patience=1, validation_fraction=0.5)
    assert TrainingConfig(**dataclasses.asdict(config)) == config
    with pytest.raises(dataclasses.FrozenInstanceError):
        config.epochs = 2


def test_an_unknown_optimizer_is_refused_with_the_nearest():
    with pytest.raises(InputError, match=r"`optimizer`: .*'adamm'.*did you mean 'adamw'"):
        TrainingConfig(optimizer="adamm")
    with pytest.raises(InputError, match=r"`optimizer`: .*'lbfgs'.*'adamw'.*'sgd'"):
        TrainingConfig(optimizer="lbfgs")


def test_unknown_settings_are_refused():
    with pytest.raises(TypeError, match="epoch"):
        TrainingConfig(epoch=3)


def test_the_defaults_hold_the_published_weights():
    config = TrainingConfig()
    assert (config.carbon_weight, config.nitrogen_weight) == (1e-4, 1e-4)
