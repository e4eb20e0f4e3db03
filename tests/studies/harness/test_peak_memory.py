import sys

import numpy as np
import pytest

from metagnn.studies.harness.peak_memory import PeakMemory


@pytest.mark.skipif(sys.platform != "linux", reason="the highest mark of a process can be taken back on Linux only")
def test_it_sees_what_is_taken_and_given_back_and_nothing_from_before():
    before = np.ones((64, 2**17))
    peak = PeakMemory()
    assert peak.mebibytes() < 16
    during = np.ones((32, 2**17))
    del during
    assert peak.mebibytes() == pytest.approx(32, abs=4)
    assert before.all()
    del before
    assert PeakMemory().mebibytes() < 16
