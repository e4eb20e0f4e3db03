import pandas as pd
import pytest

from metagnn.errors import InputError, NetworkError
from metagnn.inputs import input_kind, read_conditions
from metagnn.testing import toy_network

NAN, INF = float("nan"), float("inf")


def media(**columns: object) -> pd.DataFrame:
    return pd.DataFrame({"EX_glc__D_e": [5.0, 10.0], "EX_o2_e": [20.0, 0.0]} | columns)


def test_unknown_kinds_and_networks_without_exchanges_are_refused():
    with pytest.raises(InputError, match="`inputs`: 'rate' is no kind of input; did you mean 'rates'"):
        input_kind("rate")
    with pytest.raises(NetworkError, match="toy has no exchange reactions"):
        read_conditions(toy_network({"growth": "a ->"}, "growth"), media(), "max_uptake")
