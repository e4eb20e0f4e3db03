import pytest

from metagnn.errors import NetworkError
from metagnn.network.memory import require_memory


def test_what_fits_passes_and_what_does_not_says_how_much_it_needs():
    require_memory(2**20, "a small matrix")
    with pytest.raises(NetworkError, match=r"a vast matrix needs 1048576\.0 GiB of memory; this machine has"):
        require_memory(2**50, "a vast matrix")
