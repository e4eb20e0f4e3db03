"""Read MATLAB files of versions 5 to 7: arrays, texts, cells, structs and sparse matrices.

Every size that the file claims is checked against the bytes that are there before anything is allocated.
"""

from __future__ import annotations

import itertools
import math
import struct
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from metagnn.errors import NetworkError
from metagnn.network.reader.unpacking import MOST_BYTES

MOST_NESTED = 32
"""Most cells and structs inside each other."""

_HEADER = 128
_TAGS = {"<": struct.Struct("<II"), ">": struct.Struct(">II")}
_SMALL, _TAG = 4, 8
_MATRIX, _COMPRESSED = 14, 15
_NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""Types of stored numbers."""

_TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}
"""Types of stored texts, and their encodings."""

_CELL, _STRUCT, _OBJECT, _CHAR, _SPARSE = 1, 2, 3, 4, 5
_CLASSES = {6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4", 14: "i8", 15: "u8"}
"""Classes of arrays of numbers."""

_COMPLEX = 0x800
_DAMAGED = "it is truncated, damaged or something else"


def read_variables(content: bytes) -> dict[str, Any]:
    """Return the variables of a MATLAB file by name.

    Numbers are arrays, texts arrays of str, cells arrays of objects, a struct is a list with its fields for every
    element, and a sparse matrix is a scipy csc_array. Functions and objects of other classes are None. The fields of a
    struct are read when they are asked for, and raise then.

    Raises:
        NetworkError: No such file, or one that is truncated or damaged.
    """
    order = {b"IM": "<", b"MI": ">"}.get(content[126:_HEADER])
    if order is None:
        raise NetworkError("it is no MATLAB file of version 5 to 7")
    variables, left = {}, MOST_BYTES
    file = _Elements(memoryview(content)[_HEADER:], order)
    while not file.done:
        kind, body = file.element()
        if kind == _COMPRESSED:
            unpacked = zlib.decompressobj().decompress(body, left)
            left -= len(unpacked)
            if left <= 0:
                raise NetworkError(f"it unpacks to more than {MOST_BYTES >> 20} MiB")
            kind, body = _Elements(memoryview(unpacked), order).element()
        if kind != _MATRIX:
            raise NetworkError(f"{_DAMAGED}: an element of type {kind} stands where a variable was expected")
        name, value = _Elements(body, order).matrix(0)
        variables[name] = value
    return variables


class _Elements:
    """The elements in a part of a file, one after the other."""

    def __init__(self, content: memoryview, order: str) -> None:
        self._content, self._order, self._place = content, order, 0
        self._tag = _TAGS[order]

    @property
    def done(self) -> bool:
        return self._place >= len(self._content)

    def element(self) -> tuple[int, memoryview]:
        """Type and content of the next element."""
        kind, size = self._tag.unpack(self._taken(_TAG))
        if kind >> 16:
            # A small element holds its content in its tag.
            self._place -= _SMALL
            kind, size = kind & 0xFFFF, kind >> 16
            if size > _SMALL:
                raise NetworkError(f"{_DAMAGED}: a small element claims more than four bytes")
            return kind, self._taken(_SMALL)[:size]
        body = self._taken(size)
        if kind != _COMPRESSED:
            self._place += -size % _TAG
        return kind, body

    def _taken(self, size: int) -> memoryview:
        start, self._place = self._place, self._place + size
        if self._place > len(self._content):
            raise NetworkError(
                f"it is truncated, damaged or something else: an element claims {size} bytes that are not there"
            )
        return self._content[start : self._place]

    def numbers(self, logical: int = 0) -> np.ndarray:
        """The numbers of the next element; bytes where there is one for each of `logical` entries."""
        kind, body = self.element()
        if logical and len(body) == logical:
            return np.frombuffer(body, np.uint8)
        if kind not in _NUMBERS:
            raise NetworkError(f"{_DAMAGED}: type {kind} where numbers were expected")
        stored = np.dtype(self._order + _NUMBERS[kind])
        if len(body) % stored.itemsize:
            raise NetworkError(f"{_DAMAGED}: {len(body)} bytes are no whole number of entries")
        return np.frombuffer(body, stored)

    def text(self) -> str:
        kind, body = self.element()
        if kind not in _TEXTS:
            raise NetworkError(f"{_DAMAGED}: type {kind} where a text was expected")
        encoding = _TEXTS[kind]
        if encoding in ("utf-16", "utf-32"):
            encoding += "-le" if self._order == "<" else "-be"
        return str(body, encoding, "replace")

    def matrix(self, depth: int) -> tuple[str, Any]:
        """Name and value of a matrix, whose content this is."""
        if self.done:
            return "", np.zeros((0, 0))
        if depth > MOST_NESTED:
            raise NetworkError(f"its cells and structs are nested more than {MOST_NESTED} deep")
        flags = int(self.numbers()[:1].sum())
        kind = flags & 0xFF
        if kind not in (_CELL, _STRUCT, _OBJECT, _CHAR, _SPARSE, *_CLASSES):
            return (self._opaque_name(), None)
        shape = tuple(int(size) for size in self.numbers())
        if not 1 < len(shape) <= MOST_NESTED or min(shape) < 0:
            raise NetworkError(f"{_DAMAGED}: an array has the shape {shape}")
        return self.text(), self._value(kind, bool(flags & _COMPLEX), shape, depth)

    def _opaque_name(self) -> str:
        """Name of a variable of a class that is not read; some have no shape before their name."""
        return "" if self.done else self.element()[1].tobytes().decode("latin-1")

    def _value(self, kind: int, is_complex: bool, shape: tuple[int, ...], depth: int) -> Any:
        if kind == _CELL:
            return _array([part.matrix(depth + 1)[1] for part in self._parts(math.prod(shape))], shape)
        if kind in (_STRUCT, _OBJECT):
            return self._struct(kind, math.prod(shape), depth)
        if kind == _CHAR:
            return _texts("" if self.done else self.text(), shape)
        if kind == _SPARSE:
            return self._sparse(is_complex, shape)
        values = self._stored(is_complex).astype("c16" if is_complex else _CLASSES[kind], copy=False)
        if values.size != math.prod(shape):
            raise NetworkError(f"{_DAMAGED}: an array of the shape {shape} has {values.size} entries")
        return values.reshape(shape, order="F")

    def _stored(self, is_complex: bool, logical: int = 0) -> np.ndarray:
        """Stored entries; a sparse matrix of truth values may claim doubles and hold bytes, one for each."""
        values = self.numbers(logical)
        if is_complex:
            imaginary = self.numbers()
            if imaginary.shape != values.shape:
                raise NetworkError(f"{_DAMAGED}: real and imaginary parts differ in length")
            values = values + 1j * imaginary
        return values

    def _parts(self, count: int) -> list[_Elements]:
        """The contents of the next matrices; each takes a tag at least."""
        if count * _TAG > len(self._content) - self._place:
            raise NetworkError(
                f"it is truncated, damaged or something else: {count} entries are claimed that are not there"
            )
        parts = []
        for _ in range(count):
            kind, body = self.element()
            if kind != _MATRIX:
                raise NetworkError(f"{_DAMAGED}: type {kind} where a matrix was expected")
            parts.append(_Elements(body, self._order))
        return parts

    def _struct(self, kind: int, count: int, depth: int) -> list[Mapping[str, Any]]:
        if kind == _OBJECT:
            self.text()
        length = int(self.numbers()[:1].sum())
        names = self.text()
        if length <= 0:
            raise NetworkError(f"{_DAMAGED}: names of fields have {length} letters")
        fields = [names[at : at + length].split("\0")[0] for at in range(0, len(names), length)]
        parts = iter(self._parts(count * len(fields)))
        own = [dict(zip(fields, itertools.islice(parts, len(fields)), strict=True)) for _ in range(count)]
        return [_Fields(one, depth + 1) for one in own]

    def _sparse(self, is_complex: bool, shape: tuple[int, ...]) -> Any:
        import scipy.sparse

        rows, starts = self.numbers(), self.numbers()
        values = self._stored(is_complex, logical=len(rows))
        ends = starts.astype(np.int64)
        if len(shape) != 2 or len(ends) != shape[1] + 1 or ends[0] != 0 or (np.diff(ends) < 0).any():
            raise NetworkError(f"{_DAMAGED}: the columns of a sparse matrix do not follow each other")
        count = int(ends[-1])
        if count > min(len(rows), len(values)):
            raise NetworkError(f"{_DAMAGED}: a sparse matrix claims {count} entries that are not there")
        rows = rows[:count].astype(np.int64)
        if count and not (rows.min() >= 0 and rows.max() < shape[0]):
            raise NetworkError(f"{_DAMAGED}: an entry of a sparse matrix lies outside of it")
        data = values[:count].astype("c16" if is_complex else "f8", copy=False)
        return scipy.sparse.csc_array((data, rows, ends), shape=shape)


class _Fields(Mapping[str, Any]):
    """The fields of a struct, each read when it is first asked for: a model needs few of them."""

    def __init__(self, parts: Mapping[str, _Elements], depth: int) -> None:
        self._parts, self._depth, self._read = parts, depth, dict[str, Any]()

    def __getitem__(self, field: str) -> Any:
        if field not in self._read:
            self._read[field] = self._parts[field].matrix(self._depth)[1]
        return self._read[field]

    def __contains__(self, field: object) -> bool:
        return field in self._parts

    def __iter__(self) -> Iterator[str]:
        return iter(self._parts)

    def __len__(self) -> int:
        return len(self._parts)


def _array(parts: list[Any], shape: tuple[int, ...]) -> np.ndarray:
    array = np.empty(len(parts), dtype=object)
    for place, part in enumerate(parts):
        array[place] = part
    return array.reshape(shape, order="F")


def _texts(text: str, shape: tuple[int, ...]) -> np.ndarray:
    """The rows of an array of letters, each as one text."""
    rows = shape[0]
    if rows <= 1 or len(text) != math.prod(shape):
        return np.array([text] if text else [], dtype=str)
    return np.array([text[row::rows] for row in range(rows)])
