import dataclasses

import numpy as np
import torch

from metagnn.datasets.flux_dataset import FluxBatch
from metagnn.models import FluxGNN, FluxGNNConfig
from metagnn.network import MetabolicNetwork
from metagnn.studies.harness.model_call import call_model


def test_a_model_is_shown_the_conditions_and_not_what_was_observed(core: MetabolicNetwork) -> None:
    torch.manual_seed(0)
    model = FluxGNN(core, ("EX_glc__D_e", "EX_o2_e"), config=FluxGNNConfig(4, 1, 4)).eval()
    lower, upper = (torch.from_numpy(b) for b in core.uptake_bounds(["EX_glc__D_e"], np.array([[5.0], [9.0]])))
    batch = FluxBatch(lower, upper, torch.zeros_like(lower))
    with torch.no_grad():
        fluxes = call_model(model, batch).fluxes
        assert torch.equal(call_model(model, dataclasses.replace(batch, observed=lower)).fluxes, fluxes)
        assert torch.equal(model(lower, upper).fluxes, fluxes)
        assert not torch.allclose(call_model(model, batch.rows([1, 0])).fluxes, fluxes)
