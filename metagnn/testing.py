"""Small networks, and assertions of the laws that operators and models must obey."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor
from torch.autograd import gradcheck, gradgradcheck

from metagnn.errors import InputError, NetworkError, unknown_name
from metagnn.network.bounds import FluxBounds
from metagnn.network.elements import Metabolite
from metagnn.network.incidence import Incidence
from metagnn.network.metabolic_network import MetabolicNetwork
from metagnn.network.reaction import Reaction

_ARROWS = {"->": (0.0, 1000.0), "<=>": (-1000.0, 1000.0), "<-": (-1000.0, 0.0)}
_TERM = re.compile(r"(?:(?P<count>\d+(?:\.\d*)?(?:e-?\d+)?)\s+)?(?P<id>[^\s+]+)")
_ATOM = re.compile(r"([A-Z][a-z]?)(\d+(?:\.\d+)?)?")


def toy_network(
    equations: Mapping[str, str],
    objective: str | None = None,
    bounds: Mapping[str, tuple[float | int, float | int]] | None = None,
    formulas: Mapping[str, str] | None = None,
    charges: Mapping[str, float | int] | None = None,
    name: str = "toy",
) -> MetabolicNetwork:
    """Build a small network from equations.

    Args:
        equations: Equation of every reaction, such as "a + 2 b -> c": "->" runs forward [0, 1000], "<=>" both
            ways [-1000, 1000], "<-" backward [-1000, 0]. Reactions named "EX_…" are exchanges.
        objective: Growth reaction.
        bounds: Lower and upper bounds of some reactions, in place of the arrow's [mmol/gDW/h].
        formulas: Formula of some metabolites, such as "C6H12O6".
        charges: Charge of some metabolites.
        name: Name of the network.

    Raises:
        InputError: An equation or a formula cannot be read.
        NetworkError: The objective, a bound, a formula or a charge belongs to nothing in the equations.

    >>> chain = toy_network({"EX_a": "a <=>", "r": "a -> 2 b", "growth": "b ->"}, "growth", {"EX_a": (-3, 1000)})
    >>> chain.metabolites, chain.stoichiometry(torch.tensor([-3.0, 3.0, 6.0])).tolist(), chain.medium()
    (('a', 'b'), [0.0, 0.0], {'EX_a': 3.0})
    """
    sides = {reaction: _parse_equation(reaction, equation) for reaction, equation in equations.items()}
    metabolites = tuple(dict.fromkeys(name for coefficients, _ in sides.values() for name in coefficients))
    limits = {reaction: limit for reaction, (_, limit) in sides.items()} | dict(bounds or {})
    for given, known, kind in (
        ([objective] if objective else [], sides, "reaction"),
        (bounds or {}, sides, "reaction"),
        (formulas or {}, metabolites, "metabolite"),
        (charges or {}, metabolites, "metabolite"),
    ):
        for unknown in [entry for entry in given if entry not in known]:
            raise NetworkError(unknown_name(unknown, known, f"{kind} of {name}"))
    matrix = np.array([[sides[r][0].get(m, 0.0) for r in sides] for m in metabolites]).reshape(-1, len(sides))
    exchanges = tuple(reaction for reaction in sides if reaction.startswith("EX_"))
    outside = {metabolite for exchange in exchanges for metabolite in sides[exchange][0]}
    return MetabolicNetwork(
        id=name,
        stoichiometry=Incidence.from_dense(matrix, metabolites, tuple(sides)),
        bounds=FluxBounds(tuple(sides), *np.array([limits[r] for r in sides], dtype=np.float64).reshape(-1, 2).T),
        objective={objective: 1.0} if objective else {},
        exchanges=exchanges,
        metabolite_table=tuple(
            Metabolite(
                m,
                compartment="e" if m in outside else "c",
                formula=_parse_formula((formulas or {})[m]) if m in (formulas or {}) else None,
                charge=float((charges or {})[m]) if m in (charges or {}) else None,
            )
            for m in metabolites
        ),
        reaction_table=tuple(Reaction(reaction) for reaction in sides),
    )


def random_network(seed: int | np.random.Generator, metabolites: int = 8, reactions: int = 16) -> MetabolicNetwork:
    """Return a random sparse network with integer coefficients, exchanges, a growth reaction and a feasible interior.

    Some balanced flux lies strictly inside all bounds, so every linear or quadratic program over the network has a
    solution. A metabolite may have no reaction.

    Args:
        seed: Seed or generator.
        metabolites: Number of metabolites, at least 2.
        reactions: Number of reactions, including growth and an exchange of every third metabolite.

    Raises:
        InputError: There are too few metabolites or reactions.
    """
    exchanged = max(1, metabolites // 3)
    internal = reactions - exchanged - 1
    if metabolites < 2 or internal < 1:
        raise InputError(
            f"{metabolites} metabolites and {reactions} reactions are too few; expected at least 2 metabolites "
            f"and {exchanged + 2} reactions"
        )
    random = np.random.default_rng(seed)
    S = np.zeros((metabolites, internal + 1))
    for column in range(internal + 1):
        members = random.choice(metabolites, size=min(metabolites, int(random.integers(2, 5))), replace=False)
        S[members, column] = random.integers(1, 3, size=members.size) * random.choice([-1, 1], size=members.size)
    S[:, internal] = -np.abs(S[:, internal])
    # Start from an interior flux of ±1 in every internal reaction. Balance each metabolite without an exchange by the
    # coefficient of one reaction, so that all coefficients stay integers.
    reversible = random.random(internal) < 0.3
    interior = np.append(np.where(reversible, random.choice([-1.0, 1.0], size=internal), 1.0), 1.0)
    for row in range(exchanged, metabolites):
        column = int(random.integers(internal))
        S[row, column] -= (S[row] @ interior) / interior[column]
    exchange_flux = S[:exchanged] @ interior
    matrix = np.hstack([S, np.vstack([-np.eye(exchanged), np.zeros((metabolites - exchanged, exchanged))])])
    lower = np.concatenate([np.where(reversible, -100.0, 0.0), [0.0], -np.maximum(10.0, 2 * np.abs(exchange_flux))])
    names = [f"r{i}" for i in range(internal)] + ["growth"] + [f"EX_m{i}" for i in range(exchanged)]
    rows = tuple(f"m{i}" for i in range(metabolites))
    return MetabolicNetwork(
        id="random",
        stoichiometry=Incidence.from_dense(matrix, rows, names),
        bounds=FluxBounds(tuple(names), lower, np.full(len(names), 100.0)),
        objective={"growth": 1.0},
        exchanges=tuple(names[internal + 1 :]),
        metabolite_table=tuple(Metabolite(m, compartment="e" if i < exchanged else "c") for i, m in enumerate(rows)),
        reaction_table=tuple(Reaction(reaction) for reaction in names),
    )


def permute_network(
    network: MetabolicNetwork, reaction_order: Sequence[int], metabolite_order: Sequence[int]
) -> MetabolicNetwork:
    """Return the network with its nodes in another order: entry k is the node that was at `order[k]`.

    Raises:
        InputError: An order is not a permutation.
    """
    for name, order, size in (
        ("reaction_order", reaction_order, len(network.reactions)),
        ("metabolite_order", metabolite_order, len(network.metabolites)),
    ):
        if sorted(order) != list(range(size)):
            raise InputError(f"`{name}` is not a permutation of {size} positions")
    reactions = tuple(network.reactions[i] for i in reaction_order)
    metabolites = tuple(network.metabolites[i] for i in metabolite_order)
    exchanges = frozenset(network.exchanges)
    matrix = network.stoichiometry.to_scipy()[list(metabolite_order)][:, list(reaction_order)]
    return MetabolicNetwork(
        id=network.id,
        stoichiometry=Incidence.from_scipy(matrix, metabolites, reactions),
        bounds=FluxBounds(
            reactions, network.bounds.lower[list(reaction_order)], network.bounds.upper[list(reaction_order)]
        ),
        objective=network.objective,
        exchanges=tuple(name for name in reactions if name in exchanges),
        metabolite_table=tuple(network.metabolite_table[i] for i in metabolite_order),
        reaction_table=tuple(network.reaction_table[i] for i in reaction_order),
        aliases=network.aliases,
    )


def assert_balanced(network: MetabolicNetwork, fluxes: Tensor, tolerance: float = 1e-9) -> None:
    """Raise unless fluxes are finite and at steady state.

    Args:
        network: The network.
        fluxes: Shape `[..., reactions]` [mmol/gDW/h].
        tolerance: Largest |S·v| allowed [mmol/gDW/h].

    Raises:
        AssertionError: The fluxes are empty, not finite or not balanced; the message names the worst metabolite.
    """
    if not fluxes.numel():
        raise AssertionError(f"fluxes of shape {tuple(fluxes.shape)} are empty")
    if not bool(fluxes.isfinite().all()):
        raise AssertionError(f"{int((~fluxes.isfinite()).sum())} of {fluxes.numel()} fluxes are not finite")
    imbalance = network.stoichiometry(fluxes.detach().to(torch.float64)).abs().reshape(-1, len(network.metabolites))
    worst, row = imbalance.max(dim=0).values.max(dim=0)
    if float(worst) > tolerance:
        name = network.metabolites[int(row)]
        raise AssertionError(f"|S·v| is {float(worst):.3g} at {name!r}; expected at most {tolerance:g} mmol/gDW/h")


def assert_permutation_equivariant(
    function: Callable[[MetabolicNetwork, Tensor], Tensor],
    network: MetabolicNetwork,
    fluxes: Tensor,
    seed: int = 0,
    tolerance: float = 1e-6,
) -> None:
    """Raise unless a function gives every reaction the same value in any order of the nodes.

    Args:
        function: From a network and one tensor per reaction, shape `[..., reactions]`, to the same shape.
        network: The network.
        fluxes: Input for the network in its own order, shape `[..., reactions]`.
        seed: Seed of the new order of metabolites and reactions.
        tolerance: Largest difference allowed, relative to the largest output.

    Raises:
        AssertionError: The function depends on the order, returns another shape, or returns one constant, which would
            prove nothing.
    """
    random = np.random.default_rng(seed)
    order = random.permutation(len(network.reactions)).tolist()
    relabelled = permute_network(network, order, random.permutation(len(network.metabolites)).tolist())
    plain, permuted = function(network, fluxes), function(relabelled, fluxes[..., order])
    if plain.shape[-1:] != (len(order),) or permuted.shape != plain.shape:
        raise AssertionError(
            f"outputs have shapes {tuple(plain.shape)} and {tuple(permuted.shape)}; "
            f"expected {len(order)} reactions in the last"
        )
    if bool((plain == plain.flatten()[0]).all()):
        raise AssertionError("the output is one constant, which is equivariant but proves nothing")
    difference = (plain[..., order] - permuted).abs()
    allowed = tolerance * float(plain.abs().max())
    if not bool((difference <= allowed).all()):
        name = relabelled.reactions[int(difference.reshape(-1, len(order)).max(dim=0).values.argmax())]
        raise AssertionError(
            f"relabelling the nodes changes {name!r} by {float(difference.max()):.3g}; expected at most {allowed:.3g}"
        )


def assert_operator_laws(incidence: Incidence, seed: int = 0) -> None:
    """Raise unless an operator agrees with its dense matrix in every way it can be called.

    Checks the product and its adjoint, leading dimensions, float32, reverse- and forward-mode derivatives,
    second derivatives, `torch.func.vmap`, and that a deep copy agrees.

    Args:
        incidence: The operator, not empty.
        seed: Seed of the test vectors.

    Raises:
        AssertionError: A law is broken; the message names it.
    """
    random = torch.Generator().manual_seed(seed)
    dense = incidence.to_dense().detach()
    v = torch.randn(2, 3, dense.shape[1], generator=random, dtype=torch.float64)
    y = torch.randn(2, 3, dense.shape[0], generator=random, dtype=torch.float64)
    if not bool(dense.any()):
        raise AssertionError("the operator is zero, which proves nothing")
    for name, operator, matrix, x in (("A", incidence, dense, v), ("Aᵀ", incidence.adjoint, dense.T, y)):
        _agree(f"{name} x equals the dense product", operator(x), x @ matrix.T)
        loop = torch.stack([torch.stack([operator(single) for single in batch]) for batch in x])
        _agree(f"{name} x over leading dimensions equals a loop", operator(x), loop)
        _agree(f"{name} x under vmap equals a loop", torch.func.vmap(operator, in_dims=1, out_dims=1)(x), loop)
        single = operator(x.to(torch.float32))
        if single.dtype != torch.float32:
            raise AssertionError(f"{name} x of float32 is {single.dtype}; expected float32")
        _agree(f"{name} x in float32 equals the dense product", single.double(), x @ matrix.T, tolerance=1e-5)
        _check_derivatives(name, operator, x[0])
    _agree("⟨A v, y⟩ equals ⟨v, Aᵀ y⟩", (incidence(v) * y).sum(), (v * incidence.adjoint(y)).sum())
    _agree("a deep copy agrees", copy.deepcopy(incidence)(v), incidence(v))


def _check_derivatives(name: str, operator: Callable[[Tensor], Tensor], x: Tensor) -> None:
    x = x.clone().requires_grad_()
    try:
        # Fast mode checks one random direction instead of one per reaction, which saves time at genome scale.
        gradcheck(operator, (x,), check_forward_ad=True, fast_mode=True)
        gradgradcheck(operator, (x,), fast_mode=True)
    except RuntimeError as error:
        raise AssertionError(f"law broken: {name} x has the derivatives of a linear map: {error}") from error


def _agree(law: str, got: Tensor, expected: Tensor, tolerance: float = 1e-12) -> None:
    if got.shape != expected.shape:
        raise AssertionError(f"law broken: {law}: shape {tuple(got.shape)}; expected {tuple(expected.shape)}")
    scale = float(expected.abs().max()) + 1.0
    worst = float((got - expected).detach().abs().max())
    if not worst <= tolerance * scale:
        raise AssertionError(f"law broken: {law}: off by {worst:.3g} where values reach {scale:.3g}")


def _parse_equation(reaction: str, equation: str) -> tuple[dict[str, float], tuple[float, float]]:
    arrow = next((arrow for arrow in ("<=>", "->", "<-") if arrow in equation), None)
    if arrow is None or equation.count(arrow) > 1:
        raise InputError(f"equation of {reaction!r} is {equation!r}; expected one of {', '.join(_ARROWS)}, as 'a -> b'")
    coefficients: dict[str, float] = {}
    for side, sign in zip(equation.split(arrow), (-1.0, 1.0), strict=True):
        for term in re.split(r"\s\+\s", side) if side.strip() else []:
            match = _TERM.fullmatch(term.strip())
            if match is None:
                raise InputError(f"equation of {reaction!r} has the term {term.strip()!r}; expected 'a' or '2 a'")
            metabolite = match["id"]
            coefficients[metabolite] = coefficients.get(metabolite, 0.0) + sign * float(match["count"] or 1)
    return coefficients, _ARROWS[arrow]


def _parse_formula(formula: str) -> dict[str, float]:
    if "".join(match.group() for match in _ATOM.finditer(formula)) != formula:
        raise InputError(f"formula {formula!r} cannot be read; expected symbols and counts, as 'C6H12O6'")
    counts: dict[str, float] = {}
    for element, count in _ATOM.findall(formula):
        counts[element] = counts.get(element, 0.0) + float(count or 1)
    return counts
