"""Speed, measured side by side: ours and its rivals alternate in one process."""

from metagnn.studies.benchmarks.run import run_benchmark as run_benchmark
from metagnn.studies.harness.comparison import Comparison as Comparison
