"""Internal fluxes from labels: train and test on media of the same ranges."""

from metagnn.datasets.reference_media import E_COLI_CORE_RANGES
from metagnn.studies.harness.samples import Setting
from metagnn.studies.paper.labelled_fluxes import LabelledFluxes

LABELLED = LabelledFluxes(
    "internal_fluxes.labelled", Setting("e_coli_core", "min_norm", 100, 500, E_COLI_CORE_RANGES, E_COLI_CORE_RANGES)
)
