"""Find the growth reaction in an objective."""

from __future__ import annotations

from collections.abc import Mapping

from metagnn.errors import NetworkError


def growth_of(objective: Mapping[str, float], network: str) -> str:
    """Return the one reaction that an objective maximises.

    Args:
        objective: Coefficient of every reaction in it.
        network: Name of the network, for the message.

    Raises:
        NetworkError: The objective is empty, has several reactions, or is minimised.
    """
    terms = [name for name, coefficient in objective.items() if coefficient]
    if not terms:
        raise NetworkError(
            f"{network} has no objective; set the growth reaction, as in `growth='BIOMASS…'`, or by --growth"
        )
    if len(terms) > 1:
        raise NetworkError(
            f"the objective of {network} has {len(terms)} reactions ({', '.join(map(repr, terms[:4]))}); "
            "expected one growth reaction; choose it with `growth` or --growth"
        )
    if objective[terms[0]] < 0:
        raise NetworkError(f"the objective of {network} minimises {terms[0]!r}; expected a growth reaction to maximise")
    return terms[0]
