"""Speed, measured side by side: ours and its rivals alternate in one process."""

from metagnn.benchmarks.comparison import Comparison as Comparison
from metagnn.benchmarks.run import run_benchmark as run_benchmark
