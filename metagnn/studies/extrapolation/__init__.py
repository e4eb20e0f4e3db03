"""Models beside each other on media unlike those that they were trained on."""

from metagnn.studies.extrapolation.report import extrapolation_tables as extrapolation_tables
from metagnn.studies.extrapolation.run import run_extrapolation as run_extrapolation
from metagnn.studies.extrapolation.source import MediaTable as MediaTable
from metagnn.studies.extrapolation.source import SparseMedia as SparseMedia
