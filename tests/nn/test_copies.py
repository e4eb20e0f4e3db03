"""Every layer can be copied, pickled, used from many threads at once, and exported where it needs no solver."""

import copy
import pickle
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch
from torch import Tensor, nn

from tests.nn.layer_cases import LayerCase, difference, every_layer


class Case:
    """Answers of a layer to twelve different inputs."""

    def __init__(self, case: LayerCase) -> None:
        self.inputs = [tuple(tensor * (1 + 0.03 * k) for tensor in case.inputs()) for k in range(12)]

    def ask(self, module: nn.Module, place: int) -> Tensor:
        with torch.no_grad():
            return module(*self.inputs[place])


@every_layer
def test_copies_and_pickles_answer_the_same(case: LayerCase):
    module, asked = case.make().double(), Case(case)
    expected = asked.ask(module, 0)
    for other in (copy.deepcopy(module), pickle.loads(pickle.dumps(module))):
        assert difference(asked.ask(other, 0), expected) < 1e-12
        assert difference(asked.ask(module, 0), expected) < 1e-12


@every_layer
def test_many_threads_at_once_answer_as_one(case: LayerCase):
    module, asked = case.make().double(), Case(case)
    places = [*range(12)] * 4
    expected = [asked.ask(module, place) for place in range(12)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda place: asked.ask(module, place), places))
    for place, answer in zip(places, found, strict=True):
        # A solver starts from the last problem of its thread, which shows in the last digits.
        assert difference(answer, expected[place]) < 1e-12
        assert not case.exact or case.name == "GrowthOptimum" or torch.equal(answer, expected[place])


@every_layer
def test_an_exported_layer_answers_the_same(case: LayerCase):
    if not case.exports:
        pytest.skip("its solver looks at values, which an exported graph cannot")
    module, inputs = case.make().double(), case.inputs()
    exported = torch.export.export(module, inputs).module()
    for factor in (1.0, 1.5):
        given = tuple(factor * tensor for tensor in inputs)
        assert difference(exported(*given).detach(), module(*given).detach()) < 1e-12
