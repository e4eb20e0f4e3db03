import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
import torch

from metagnn.network import Incidence, MetabolicNetwork
from metagnn.network.elements import Metabolite
from metagnn.studies.selftest import balances
from metagnn.studies.selftest.cases import Cases
from metagnn.studies.selftest.check import Measurement

CHECKS = (
    balances.operator_is_dense,
    balances.adjoint_is_dense,
    balances.gradient_is_adjoint,
    balances.reactions_balance,
    balances.elements_close,
)

Check = Callable[[Cases], Measurement]


class Untrue(Incidence):
    """An operator whose products are not those of its matrix, by one part in 10⁹."""

    def forward(self, fluxes: torch.Tensor) -> torch.Tensor:
        return super().forward(fluxes) * (1 + 1e-9)

    def adjoint(self, potentials: torch.Tensor) -> torch.Tensor:
        return super().adjoint(potentials) * (1 - 1e-9)


def untrue(network: MetabolicNetwork) -> MetabolicNetwork:
    own = network.stoichiometry
    wrong = Untrue(own.row, own.column, own.value, own.rows, own.columns)
    return dataclasses.replace(network, stoichiometry=wrong)


@pytest.mark.parametrize("check", CHECKS)
def test_the_promise_holds(cases: Cases, check: Check) -> None:
    assert check(cases).kept


@pytest.mark.parametrize("check", CHECKS[:3])
def test_a_wrong_operator_is_noticed(cases: Cases, check: Check) -> None:
    cases.__dict__["core"] = untrue(cases.core)
    found = check(cases)
    assert not found.kept
    assert 5e-10 < found.measured < 5e-9


@pytest.mark.parametrize("check", CHECKS[3:])
def test_a_wrong_formula_is_noticed(cases: Cases, check: Check) -> None:
    def heavier(metabolite: Metabolite) -> Metabolite:
        more: dict[str, Any] = dict(metabolite.formula or {})
        return dataclasses.replace(metabolite, formula=more | {"C": more.get("C", 0) + 1})

    core = cases.core
    table = tuple(heavier(m) if m.id == "glc__D_e" else m for m in core.metabolite_table)
    cases.__dict__["core"] = dataclasses.replace(core, metabolite_table=table)
    assert not check(cases).kept
