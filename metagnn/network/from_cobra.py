"""Load a model by name, from a file, or from a cobra model."""

from __future__ import annotations

import dataclasses
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from metagnn.errors import ModelWarning, NetworkError, unknown_name
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.reader.assemble import assemble, chosen_growth
from metagnn.network.reader.bundled import BUNDLED, read_bundled
from metagnn.network.reader.draft import ModelDraft
from metagnn.network.reader.model_file import is_model_ending, read_model_file
from metagnn.network.reader.reading_process import ReadingProcess

if TYPE_CHECKING:
    import cobra


def load_network(source: str | Path | cobra.Model | MetabolicNetwork, growth: str | None = None) -> MetabolicNetwork:
    """Load a metabolic network.

    What reading assumed or lost (bounds, gene rules, formulas, charges, compartments, boundary species) is listed in
    `network.notes` and in one `ModelWarning`. Linear constraints beyond S·v = 0 are kept: see
    `MetabolicNetwork.further_constraints`. A file is read in this process, without limits on time and memory; the
    command line reads files in a process of their own, which has both.

    Args:
        source: "e_coli_core", "iJO1366" or "salmonella" (offline), the path of a model (SBML, JSON, MATLAB or YAML;
            plain, .gz, .bz2 or .zip), or a cobra model. A network is returned as it is, with `growth` in its place.
        growth: Growth reaction, for a model without an objective, with several, or with another.

    Raises:
        NetworkError: The name is unknown (the message suggests the nearest); the file is missing, empty, truncated, no
            model, or not of the format of its ending; bounds contradict; a constraint beyond the balances is not
            linear or a variable not continuous; or `growth` is unknown.

    >>> load_network("e_coli_core")
    MetabolicNetwork('e_coli_core', 72 metabolites, 95 reactions)
    """
    if isinstance(source, MetabolicNetwork):
        network = source
        if growth is not None:
            name = chosen_growth(growth, source.own_reactions, source.id)
            network = dataclasses.replace(source, objective={name: 1.0})
        return network
    return _told(_read(source, growth))


def load_network_from(reading: ReadingProcess, growth: str | None = None) -> MetabolicNetwork:
    """Load a metabolic network from a file that another process reads, as the command line does.

    Args:
        reading: The process.
        growth: As in `load_network`.

    Raises:
        NetworkError: As `load_network`; or the reader crashed, or takes more time or memory than it may.
    """
    return _told(_assembled(reading.path, reading.draft(), growth))


def _told(network: MetabolicNetwork) -> MetabolicNetwork:
    """The network, with its notes as a warning to the caller of a public function."""
    if network.notes:
        warnings.warn(f"{network.id}: {'; '.join(network.notes)}", ModelWarning, stacklevel=3)
    return network


def _read(source: object, growth: str | None) -> MetabolicNetwork:
    # Whoever has a cobra model has imported cobra; nobody else needs to wait for it.
    cobra = sys.modules.get("cobra")
    if cobra is not None and isinstance(source, cobra.Model):
        return from_cobra(source, growth)
    if not isinstance(source, (str, Path)):
        raise NetworkError(
            f"`network` is a {type(source).__name__}; expected a MetabolicNetwork, a name, a path or a cobra.Model"
        )
    name = str(source)
    if name in BUNDLED:
        return assemble(read_bundled(name), growth)
    path = Path(source)
    if not path.exists() and not is_model_ending(name):
        raise NetworkError(unknown_name(name, [n for n in BUNDLED if n != "textbook"], "known model and no file"))
    return _assembled(path, read_model_file(path), growth)


def _assembled(path: Path, draft: ModelDraft, growth: str | None) -> MetabolicNetwork:
    try:
        return assemble(draft, growth)
    except NetworkError as error:
        raise error if str(path) in str(error) else NetworkError(f"'{path}': {error}") from error


def from_cobra(model: cobra.Model, growth: str | None = None) -> MetabolicNetwork:
    """Translate a cobra model.

    Args:
        model: The model; it is not changed.
        growth: Growth reaction, in place of the model's objective.

    Raises:
        NetworkError: A model without reactions, with a bound that is NaN or a lower bound above its upper, or an
            unknown `growth`.
    """
    from metagnn.network.reader.cobra_model import read_cobra

    if not model.reactions:
        raise NetworkError("`model` has no reactions")
    return assemble(read_cobra(model), growth)
