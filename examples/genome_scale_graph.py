"""Convert a genome-scale model to graphs of PyTorch Geometric and networkx, and check its mass balances.

Show the contents of a network and the time of each conversion, without training.

    python examples/genome_scale_graph.py                # iJO1366, which comes with cobra
    python examples/genome_scale_graph.py my_model.xml   # any SBML, JSON, MAT or YAML file
"""

import argparse
import time
from collections.abc import Callable
from typing import Any, TypeVar

import pandas as pd
import torch

from metagnn import load_network, simulate_fluxes, to_hetero_data, to_networkx

Result = TypeVar("Result")


def timed(what: str, work: Callable[[], Result]) -> Result:
    """Do the work and print its time."""
    started = time.perf_counter()
    result = work()
    print(f"{what:<24}{1000 * (time.perf_counter() - started):8.0f} ms")
    return result


def main(model: str = "iJO1366") -> dict[str, Any]:
    """Load, convert, solve and check a model; print and return sizes and residuals."""
    network = timed("load", lambda: load_network(model))

    # Three forms of the same non-zeros: an operator, the edges of PyG, the edges of networkx.
    data = timed("to HeteroData", lambda: to_hetero_data(network))
    graph = timed("to networkx", lambda: to_networkx(network))
    hubs = sorted(network.metabolites, key=lambda name: -graph.degree(name))[:5]
    print(f"\n{network}: {network.stoichiometry.value.numel()} coefficients, {len(network.exchanges)} exchanges")
    print(f"features: metabolites {tuple(data['metabolite'].x.shape)}, reactions {tuple(data['reaction'].x.shape)}")
    print(f"best-connected metabolites: {', '.join(f'{name} ({graph.degree(name)})' for name in hubs)}\n")

    # Use the medium of the model. The table sets the uptakes of the exchanges that it names.
    media = pd.DataFrame([network.medium()])
    solution = timed("FBA", lambda: simulate_fluxes(network, media, method="fba"))
    fluxes = torch.from_numpy(solution.fluxes.to_numpy())
    imbalance = network.stoichiometry(fluxes).abs().max().item()
    print(f"\ngrowth {solution.growth.iloc[0]:.4f} 1/h, largest |S·v| {imbalance:.1e} mmol/gDW/h")

    # Carbon and nitrogen balances are operators with one row. Minus the entry of the growth reaction is the content
    # of biomass; growth takes up what the exchanges bring in.
    growth = network.reaction_index(network.growth_reaction)
    composition, residuals = {}, {}
    for element, symbol in (("C", "alpha"), ("N", "beta")):
        balance = network.element_balance(element)
        composition[symbol] = -balance.to_dense()[0, growth].item()
        residuals[element] = balance(fluxes).abs().max().item()
        print(
            f"{symbol} = {composition[symbol]:.3f} mmol {element}/gDW; "
            f"{element} in minus out minus biomass: {residuals[element]:.1e} mmol/gDW/h"
        )
    # Reactions that create or destroy matter make this sum non-zero; in a good model, none of them carries flux.
    unbalanced = network.unbalanced_reactions()
    print(f"internal reactions whose elements or charge do not add up: {len(unbalanced)}")
    return {
        "metabolites": data["metabolite"].num_nodes,
        "reactions": data["reaction"].num_nodes,
        "edges": graph.number_of_edges(),
        "growth": float(solution.growth.iloc[0]),
        "max_abs_sv": imbalance,
        "element_residuals": residuals,
        **composition,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", nargs="?", default="iJO1366", help="a model's name or path (default iJO1366)")
    main(parser.parse_args().model)
