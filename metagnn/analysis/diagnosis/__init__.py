"""How well do predicted fluxes obey balances and bounds, and what do measured rates determine?"""

from metagnn.analysis.diagnosis.constraint_report import constraint_report as constraint_report
from metagnn.analysis.diagnosis.readout_columns import readout_columns as readout_columns
