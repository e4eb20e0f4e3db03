"""Simple estimates of what was measured, chosen by what they say of groups left out."""

from metagnn.estimates.choice import ChosenEstimate as ChosenEstimate
from metagnn.estimates.choice import choose_estimate as choose_estimate
from metagnn.estimates.completion import FluxCompletion as FluxCompletion
from metagnn.estimates.completion import complete_fluxes as complete_fluxes
from metagnn.estimates.estimate import AbstractEstimate as AbstractEstimate
from metagnn.estimates.estimate import AbstractFittedEstimate as AbstractFittedEstimate
from metagnn.estimates.estimate import Guess as Guess
from metagnn.estimates.flux_estimate import FluxEstimate as FluxEstimate
from metagnn.estimates.flux_estimate import fit_flux_estimate as fit_flux_estimate
from metagnn.estimates.known_samples import KnownSamples as KnownSamples
from metagnn.estimates.made_by_fba import made_by_fba as made_by_fba
