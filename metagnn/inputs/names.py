"""InputNames: what the tables of a fit named."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from metagnn.plain_values import as_texts


@dataclass(frozen=True)
class InputNames:
    """What the tables of a fit named, and those of a prediction must name again.

    Whatever a model is made for beside its network is a field here: it is saved, and reaches whoever makes the model.

    Attributes:
        exchanges: Exchanges among the inputs, in their order.
        columns: All columns of the inputs.
        features: Further features of a sample, as `read_features` names them.
    """

    exchanges: tuple[str, ...]
    columns: tuple[str, ...]
    features: tuple[str, ...] = ()

    def to_document(self) -> dict[str, list[str]]:
        """What JSON can hold; `from_document` reads it."""
        return {field.name: list(getattr(self, field.name)) for field in dataclasses.fields(self)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> InputNames:
        """The names among what a document holds; a KeyError or ValueError means that it is damaged."""
        return cls(**{field.name: as_texts(document[field.name]) for field in dataclasses.fields(cls)})
