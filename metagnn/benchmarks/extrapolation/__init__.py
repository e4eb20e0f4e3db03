"""Models beside each other on media unlike those that they were trained on."""

from metagnn.benchmarks.extrapolation.report import extrapolation_tables as extrapolation_tables
from metagnn.benchmarks.extrapolation.run import run_extrapolation as run_extrapolation
from metagnn.benchmarks.extrapolation.source import MediaTable as MediaTable
from metagnn.benchmarks.extrapolation.source import SparseMedia as SparseMedia
