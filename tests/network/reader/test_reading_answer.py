import importlib.util
import subprocess
import sys

import pytest

PROGRAM = """
import sys
from metagnn.network.reader.reading_answer import LEAST_MEMORY, limit_process
limit_process(0)
try:
    bytearray(LEAST_MEMORY)
except MemoryError:
    print("refused", "torch" in sys.modules, "cobra" in sys.modules)
"""


@pytest.mark.skipif(importlib.util.find_spec("resource") is None, reason="the system sets no limits")
@pytest.mark.skipif(sys.platform == "darwin", reason="macOS does not keep to this limit")
def test_a_reading_process_is_limited_and_imports_nothing_large():
    ended = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == ["refused", "False", "False"]
