import numpy as np
import pytest

from metagnn.datasets.rates.plausible_size import (
    LARGEST,
    LARGEST_CELL,
    require_plausible_cells,
    require_plausible_rates,
)
from metagnn.errors import TableError


def test_what_can_be_measured_and_what_was_not_pass() -> None:
    rates = np.array([[1.0, np.nan], [-LARGEST, 0.0]])
    require_plausible_rates(["a", "b"], ["EX_o2_e", "EX_co2_e"], rates, np.abs(rates))
    require_plausible_cells("O2", ["O2"], np.array([[LARGEST_CELL], [np.nan]]), 0)


@pytest.mark.parametrize("deviates", [False, True])
def test_a_rate_that_no_cell_has_is_named_with_its_sample(deviates: bool) -> None:
    large, usual = np.array([[1.0], [-1e8]]), np.ones((2, 1))
    numbers = (usual, np.abs(large)) if deviates else (large, usual)
    with pytest.raises(TableError, match=r"sample 'b': the rate of 'EX_o2_e' .* at most 1e\+06"):
        require_plausible_rates(["a", "b"], ["EX_o2_e"], *numbers)


@pytest.mark.parametrize(("value", "message"), [(np.inf, "column 'O2' holds an inf"), (-1e20, "'O2_rep2', row 7")])
def test_a_cell_that_no_unit_explains_is_named(value: float, message: str) -> None:
    with pytest.raises(TableError, match=message):
        require_plausible_cells("O2", ["O2", "O2_rep2"], np.array([[1.0, value]]), 7)
