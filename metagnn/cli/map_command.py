"""`metagnn map`: call the library, draw and print."""

from __future__ import annotations

import argparse

import numpy as np
import pandas as pd

from metagnn.cli.console import print_table
from metagnn.cli.model_argument import network_of
from metagnn.datasets.rates.flux_table import as_fluxes
from metagnn.errors import InputError, TableError
from metagnn.files.flux_columns import plain_name
from metagnn.files.table_format import is_text
from metagnn.files.table_reader import read_table
from metagnn.files.table_values import numeric_values
from metagnn.network.metabolic_network import MetabolicNetwork


def draw_map(chosen: argparse.Namespace) -> None:
    """Draw the fluxes of one row of a table.

    Raises:
        InputError: The row does not exist or has no fluxes, or the options are not valid for the map.
        TableError: A column is not a reaction of the model.
    """
    from metagnn.graph.escher_map import read_escher_map
    from metagnn.graph.layout import layout_network, subsystems
    from metagnn.plots.canvas import check_picture, save_figure
    from metagnn.plots.flux_map import NO_FLUX, draw_flux_map

    if chosen.active and chosen.escher:
        raise InputError(
            "`--active` selects reactions for a layout and does not apply to `--escher`; leave one of them out"
        )
    out = check_picture(chosen.out, chosen.force)
    network, table = network_of(chosen), read_table(chosen.fluxes, flags=False)
    if chosen.subsystem is not None and not subsystems(network):
        raise InputError(f"{network.id} has no subsystems; leave `--subsystem` out")
    fluxes = _one_row(network, as_fluxes(network, table, "fluxes"), chosen.row, chosen.fluxes)
    if chosen.escher:
        drawing = read_escher_map(chosen.escher)
    else:
        active = [name for name, flux in fluxes.items() if abs(flux) > NO_FLUX] if chosen.active else None
        drawing = layout_network(network, chosen.subsystem, active)
    # Some Escher maps use reaction names of other releases of the model.
    fluxes |= {alias: fluxes[name] for alias, name in network.aliases.items() if name in fluxes}
    save_figure(draw_flux_map(fluxes, drawing, f"{drawing.name}, {_row_name(table, chosen.row)}"), out)
    values = np.array([fluxes.get(reaction.id, np.nan) for reaction in drawing.reactions], dtype=np.float64)
    rows = [
        ("reactions on the map", str(len(values))),
        ("with flux", str(int((np.abs(values) > NO_FLUX).sum()))),
        ("without flux", str(int((np.abs(values) <= NO_FLUX).sum()))),
        ("not among the fluxes", str(int(np.isnan(values).sum()))),
    ]
    print_table(f"→ {out}", ("what", "value"), rows)


def _one_row(network: MetabolicNetwork, table: pd.DataFrame, row: int, path: str) -> dict[str, float]:
    """Return the fluxes of a row by reaction name of the network."""
    if row >= len(table):
        raise InputError(f"`--row` is {row}; '{path}' has {len(table)} rows, counted from 0")
    fluxes: dict[str, float] = {}
    for column in (str(name) for name in table.columns if not is_text(name)):
        name = network.reactions[network.reaction_index(plain_name(column))]
        if name in fluxes:
            raise TableError(f"'{path}' has two columns of {name!r}, under different names; expected one")
        fluxes[name] = float(numeric_values(table[[column]].iloc[[row]], row)[0, 0])
    if not fluxes:
        raise TableError(f"'{path}' has no column with fluxes; expected reactions of {network.id}")
    if all(map(np.isnan, fluxes.values())):
        status = f" (status {table['status'].iloc[row]!r})" if "status" in table.columns else ""
        raise InputError(f"row {row} of '{path}' holds no fluxes{status}; choose another with `--row`")
    return fluxes


def _row_name(table: pd.DataFrame, row: int) -> str:
    return f"sample {table['sample'].iloc[row]}" if "sample" in table.columns else f"row {row}"
