"""Read MATLAB files of the COBRA Toolbox."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from metagnn.errors import NetworkError
from metagnn.network.reader.draft import DraftMetabolite, DraftReaction, ModelDraft
from metagnn.network.reader.mat_constraints import mat_constraints
from metagnn.network.reader.mat_fields import numbers, text_in, texts
from metagnn.network.reader.mat_file import read_variables

_IDENTIFIERS = {
    "metBiGGID": "bigg",
    "metChEBIID": "chebi",
    "metInChIKey": "inchikey",
    "metKEGGID": "kegg",
    "metMetaNetXID": "metanetx",
    "metSEEDID": "seed",
    "metVMHID": "vmh",
}
"""Fields of identifiers, and their databases."""

_NUMBERED_GENE = re.compile(r"x\(([0-9]+)\)")


def read_mat(content: bytes) -> ModelDraft:
    """Return the draft of a MATLAB file (up to version 7).

    Raises:
        ValueError: No MATLAB file, or no model in it.
        NetworkError: Fields of different lengths.
    """
    if content[:512].startswith(b"\x89HDF") or b"MATLAB 7.3" in content[:128]:
        raise NetworkError("it is a MATLAB file of version 7.3; save it again with `save(…, '-v7')`")
    for name, value in read_variables(content).items():
        record = value[0] if isinstance(value, list) and value else {}
        if {"S", "rxns", "mets"} <= record.keys():
            return _MatReader(name, record).draft()
    raise ValueError("it holds no struct with the fields S, rxns and mets")


class _MatReader:
    """One struct on its way to a draft."""

    def __init__(self, name: str, fields: Mapping[str, Any]) -> None:
        self._name, self._fields = name, fields

    def draft(self) -> ModelDraft:
        reactions, metabolites = self._texts("rxns"), self._texts("mets")
        genes = self._texts("genes")
        matrix = _columns(self._fields["S"], (len(metabolites), len(reactions)))
        compartments = self._compartments(len(metabolites))
        metabolite_columns = (self._texts("metNames"), compartments, self._texts("metFormulas"), self._charges())
        annotations = self._annotations(len(metabolites))
        parts = [_fitted(column, len(metabolites), "mets") for column in metabolite_columns]
        bounds = [_fitted(self._numbers(name), len(reactions), "rxns") for name in ("lb", "ub", "c")]
        words = [_fitted(self._texts(name), len(reactions), "rxns") for name in ("rxnNames", "subSystems")]
        rules = _fitted(self._rules(genes), len(reactions), "rxns")
        constraints, variables, lost = mat_constraints(self._fields, metabolites, reactions)
        return ModelDraft(
            self._name,
            [
                DraftMetabolite(metabolite, name or "", place or "", formula or None, charge, annotation=annotation)
                for metabolite, name, place, formula, charge, annotation in zip(
                    metabolites, *parts, annotations, strict=True
                )
            ],
            [
                DraftReaction(
                    reaction,
                    {metabolites[row]: value for row, value in matrix[column]},
                    *(bounds[0][column], bounds[1][column]),
                    words[0][column] or "",
                    words[1][column] or "",
                    rules[column],
                    bounds[2][column] or 0.0,
                )
                for column, reaction in enumerate(reactions)
            ],
            frozenset(gene for gene in genes if gene),
            self._minimised(),
            lost_objective=lost,
            constraints=constraints,
            variables=variables,
        )

    def _texts(self, field: str) -> list[str]:
        return texts(self._fields, field)

    def _numbers(self, field: str) -> list[float | None]:
        return numbers(self._fields, field)

    def _charges(self) -> list[float | None]:
        return self._numbers("metCharges" if "metCharges" in self._fields else "metCharge")

    def _annotations(self, count: int) -> list[dict[str, str]]:
        """Identifiers by database; a field of another length than `mets` is left out."""
        found: list[dict[str, str]] = [{} for _ in range(count)]
        for field, database in _IDENTIFIERS.items():
            texts = self._texts(field)
            for entry, text in zip(found, texts if len(texts) == count else (), strict=False):
                if text:
                    entry[database] = text
        return found

    def _compartments(self, count: int) -> list[str]:
        """Names, or numbers of entries in `comps`; empty where the file has neither."""
        if "metComps" not in self._fields:
            return []
        names = self._texts("comps")
        cells = [np.ravel(cell) for cell in np.ravel(self._fields["metComps"])]
        if not names or any(not len(cell) or not np.issubdtype(cell.dtype, np.number) for cell in cells):
            return self._texts("metComps")
        places = [int(cell[0]) for cell in cells]
        if not all(1 <= place <= len(names) for place in places):
            raise NetworkError(f"its `metComps` hold the number of a compartment beyond the {len(names)} of `comps`")
        return [names[place - 1] for place in places]

    def _rules(self, genes: list[str]) -> list[str]:
        """`grRules`, or `rules` with the numbers of genes replaced by their names."""
        if "grRules" in self._fields or "rules" not in self._fields:
            return self._texts("grRules")
        numbered = {str(position + 1): gene for position, gene in enumerate(genes)}
        return [
            _NUMBERED_GENE.sub(lambda match: numbered.get(match[1], match[0]), text) for text in self._texts("rules")
        ]

    def _minimised(self) -> bool:
        if "osenseStr" in self._fields:
            return text_in(self._fields["osenseStr"]).lower().startswith("min")
        return self._numbers("osense")[:1] == [1.0]


def _columns(matrix: Any, shape: tuple[int, int]) -> list[list[tuple[int, float]]]:
    import scipy.sparse

    if np.shape(matrix) != shape:
        raise NetworkError(f"its S has the shape {np.shape(matrix)}; expected {shape} from `mets` and `rxns`")
    columns = scipy.sparse.csc_array(matrix)
    ends = columns.indptr
    return [
        list(zip(columns.indices[a:b].tolist(), columns.data[a:b].tolist(), strict=True))
        for a, b in itertools.pairwise(ends)
    ]


def _fitted(values: list[Any], count: int, field: str) -> list[Any]:
    if values and len(values) != count:
        raise NetworkError(f"one of its fields has {len(values)} entries; expected {count}, as many as `{field}`")
    return values or [None] * count
