"""Read the further constraints of a draft: a balance with a slack column for each."""

from __future__ import annotations

import dataclasses
import math

from metagnn.errors import NetworkError
from metagnn.network.elements import Metabolite
from metagnn.network.reaction import SLACK, SPLIT, VARIABLE, Reaction
from metagnn.network.reader.draft import DraftConstraint, DraftVariable, ModelDraft
from metagnn.network.reader.note import counted, listed
from metagnn.network.reader.number import TOO_LARGE, read_coefficient


@dataclasses.dataclass(frozen=True)
class FurtherParts:
    """What further constraints add to a network.

    Attributes:
        rows: New rows.
        columns: New columns.
        lower: Lower bounds of the new columns.
        upper: Upper bounds of the new columns.
        entries: Row, column and coefficient of every new entry, by id.
        notes: What the user should know.
    """

    rows: tuple[Metabolite, ...] = ()
    columns: tuple[Reaction, ...] = ()
    lower: tuple[float, ...] = ()
    upper: tuple[float, ...] = ()
    entries: tuple[tuple[str, str, float], ...] = ()
    notes: tuple[str, ...] = ()


def read_constraints(draft: ModelDraft) -> FurtherParts:
    """Return the rows and columns of a draft's further constraints.

    A constraint a ≤ A·v ≤ b becomes the balance A·v − s = 0 with a slack a ≤ s ≤ b. A constraint without a limit is
    left out. Where forward and backward flux of a reaction count differently, as in an enzyme budget, the reaction is
    split: v = f − r with f, r ≥ 0.

    Raises:
        NetworkError: A constraint of an unknown reaction or variable, with a coefficient or limit that is no number, or
            with a lower limit above its upper one; the constraint is named.
    """
    if not draft.constraints and not draft.variables:
        return FurtherParts()
    return _Parts(draft).read()


class _Parts:
    """Rows and columns on their way."""

    def __init__(self, draft: ModelDraft) -> None:
        self._draft = draft
        self._reactions = {reaction.id: reaction for reaction in draft.reactions}
        self._metabolites = {metabolite.id for metabolite in draft.metabolites}
        self._taken = {*self._reactions, *self._metabolites}
        self._rows: list[Metabolite] = []
        self._columns: list[tuple[Reaction, float, float]] = []
        self._entries: list[tuple[str, str, float]] = []
        self._variables: dict[str, str] = {}
        self._splits: dict[str, tuple[str, str]] = {}

    def read(self) -> FurtherParts:
        kept = [self._checked(constraint) for constraint in self._draft.constraints]
        kept = [constraint for constraint in kept if not _limits_nothing(constraint)]
        used = {name for constraint in kept for name in constraint.variables}
        for variable in self._draft.variables:
            if variable.id in used:
                low, high = self._limits(f"variable {variable.id!r}", variable)
                name = self._new_name(variable.id)
                self._variables[variable.id] = name
                self._columns.append((Reaction(name, variable.id, role=VARIABLE), low, high))
        for constraint in kept:
            self._add(constraint)
        unequal = [repr(constraint.balance) for constraint in kept if constraint.balance is not None]
        notes = [f"{counted(len(unequal), 'balance')} that need not be zero: {listed(unequal)}"] if unequal else []
        reactions, lower, upper = zip(*self._columns, strict=True) if self._columns else ((), (), ())
        return FurtherParts(tuple(self._rows), reactions, lower, upper, tuple(self._entries), tuple(notes))

    def _checked(self, constraint: DraftConstraint) -> DraftConstraint:
        what = f"constraint {constraint.id!r}"
        for kind, given, known in (
            ("reaction", constraint.reactions, self._reactions),
            ("reaction", constraint.backward, self._reactions),
            ("variable", constraint.variables, {variable.id for variable in self._draft.variables}),
        ):
            for name, value in given.items():
                if name not in known:
                    raise NetworkError(f"{what} uses {kind} {name!r}, which the model does not hold")
                read_coefficient(value, f"the coefficient of {name!r} in {what}")
        low, high = self._limits(what, constraint)
        return dataclasses.replace(constraint, lower=low, upper=high)

    @staticmethod
    def _limits(what: str, given: DraftConstraint | DraftVariable) -> tuple[float, float]:
        low = -math.inf if given.lower is None else float(given.lower)
        high = math.inf if given.upper is None else float(given.upper)
        if not low <= high or low >= TOO_LARGE or high <= -TOO_LARGE:
            raise NetworkError(f"the limits of {what} are [{low:g}, {high:g}]; expected numbers with lower ≤ upper")
        return low, high

    def _add(self, constraint: DraftConstraint) -> None:
        row = constraint.balance
        if row is None:
            row = self._new_row(constraint.id)
            for name, value in self._coefficients(constraint).items():
                self._entries.append((row, name, value))
        for name, value in constraint.variables.items():
            self._entries.append((row, self._variables[name], value))
        if constraint.balance is None or (constraint.lower, constraint.upper) != (0.0, 0.0):
            assert constraint.lower is not None
            assert constraint.upper is not None
            self._add_slack(row, constraint.id, constraint.lower, constraint.upper)

    def _coefficients(self, constraint: DraftConstraint) -> dict[str, float]:
        """Coefficients by column; a reaction whose directions count differently is split where it runs both ways."""
        values: dict[str, float] = {}
        for name in dict.fromkeys([*constraint.reactions, *constraint.backward]):
            forward = constraint.reactions.get(name, 0.0)
            backward = constraint.backward.get(name, -forward)
            least, most = self._reach(name)
            if backward == -forward or least >= 0:
                values[name] = forward
            elif most <= 0:
                values[name] = -backward
            else:
                ahead, back = self._split(name)
                values[ahead], values[back] = forward, backward
        return {name: value for name, value in values.items() if value}

    def _reach(self, name: str) -> tuple[float, float]:
        """Bounds of a reaction that no medium changes; infinite for an exchange, which a medium may open."""
        reaction = self._reactions[name]
        if len(reaction.coefficients) < 2:
            return -math.inf, math.inf
        limits = ((reaction.lower, -math.inf), (reaction.upper, math.inf))
        low, high = (none if limit is None else float(limit) for limit, none in limits)  # type: ignore[arg-type]
        return low, high

    def _split(self, reaction: str) -> tuple[str, str]:
        if reaction not in self._splits:
            names = self._new_name(f"{reaction}_forward"), self._new_name(f"{reaction}_backward")
            self._splits[reaction] = names
            row = self._new_row(f"{reaction}_directions")
            for name, value in ((reaction, 1.0), (names[0], -1.0), (names[1], 1.0)):
                self._entries.append((row, name, value))
            for name in names:
                self._columns.append((Reaction(name, f"{name} of a constraint", role=VARIABLE), 0.0, math.inf))
            self._add_slack(row, row, 0.0, 0.0, SPLIT)
        return self._splits[reaction]

    def _add_slack(self, row: str, name: str, low: float, high: float, role: str = SLACK) -> None:
        slack = self._new_name(f"slack_{name}")
        self._columns.append((Reaction(slack, f"slack of {name}", role=role), low, high))
        self._entries.append((row, slack, -1.0))

    def _new_row(self, name: str) -> str:
        row = self._new_name(name)
        self._rows.append(Metabolite(row, name, formula={}, charge=0.0, is_constraint=True))
        return row

    def _new_name(self, name: str) -> str:
        while name in self._taken:
            name += "_"
        self._taken.add(name)
        return name


def _limits_nothing(constraint: DraftConstraint) -> bool:
    """Whether a constraint holds for every flux; a balance that is zero, as balances are, adds nothing."""
    if constraint.balance is not None:
        return (constraint.lower, constraint.upper) == (0.0, 0.0) and not constraint.variables
    return (constraint.lower, constraint.upper) == (-math.inf, math.inf)


def unfit(what: str, kind: str) -> NetworkError:
    """Return the error for a constraint or variable that fluxes cannot carry.

    Args:
        what: What it is, with its name.
        kind: Why it cannot be kept.
    """
    return NetworkError(f"{what} {kind}; expected linear constraints of continuous variables")
