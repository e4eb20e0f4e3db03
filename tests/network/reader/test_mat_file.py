import io
import struct
import zlib
from typing import Any

import numpy as np
import pytest
import scipy.io
import scipy.sparse

from metagnn.errors import NetworkError
from metagnn.network.reader.mat_file import read_variables

VARIABLES: dict[str, Any] = {
    "numbers": np.arange(24.0).reshape(2, 3, 4) / 7,
    "bytes": np.array([[1, 2, 255]], dtype=np.uint8),
    "truths": np.array([[True, False]]),
    "waves": np.array([[1 + 2j]]),
    "empty": np.zeros((0, 3)),
    "text": "häß€",
    "rows": np.array(["ab ", "cde"]),
    "matrix": scipy.sparse.csc_array([[0.0, 1.5], [2.0, 0.0]]),
    "record": {"x": 1.0, "cells": np.array([["a", 2.0]], dtype=object), "inner": {"y": "z"}},
}


def saved(variables: dict[str, Any], packed: bool = False) -> bytes:
    buffer = io.BytesIO()
    scipy.io.savemat(buffer, variables, do_compression=packed)
    return buffer.getvalue()


@pytest.mark.parametrize("packed", [False, True])
def test_what_scipy_writes_is_read(packed):
    found = read_variables(saved(VARIABLES, packed))
    for name in ("numbers", "bytes", "truths", "waves", "empty"):
        assert np.array_equal(found[name], VARIABLES[name])
        assert found[name].shape == VARIABLES[name].shape
    assert found["text"].tolist() == ["häß€"]
    assert found["rows"].tolist() == ["ab ", "cde"]
    assert found["matrix"].toarray().tolist() == [[0.0, 1.5], [2.0, 0.0]]
    (record,) = found["record"]
    assert list(record) == ["x", "cells", "inner"]
    assert record["x"].tolist() == [[1.0]]
    assert [np.ravel(cell)[0] for cell in record["cells"].ravel()] == ["a", 2.0]
    assert record["inner"][0]["y"].tolist() == ["z"]


def element(kind: int, content: bytes) -> bytes:
    return struct.pack("<II", kind, len(content)) + content + b"\0" * (-len(content) % 8)


def matrix(kind: int, shape: tuple[int, ...], *parts: bytes) -> bytes:
    head = element(6, struct.pack("<II", kind, 0)) + element(5, np.array(shape, "<i4").tobytes()) + element(1, b"a")
    return element(14, head + b"".join(parts))


def sparse(rows: list[int], starts: list[int], shape: tuple[int, int]) -> bytes:
    indices = (element(5, np.array(part, "<i4").tobytes()) for part in (rows, starts))
    return matrix(5, shape, *indices, element(9, np.ones(len(rows)).tobytes()))


def nested(depth: int) -> bytes:
    content = matrix(6, (1, 1), element(9, bytes(8)))
    for _ in range(depth):
        content = matrix(1, (1, 1), content)
    return content


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (matrix(6, (2**31 - 1, 2**31 - 1), element(9, b"")), "has 0 entries"),
        (matrix(6, (-1, -1), element(9, bytes(8))), "has the shape"),
        (matrix(1, (2**31 - 1, 1)), "2147483647 entries are claimed"),
        (struct.pack("<II", 14, 2**32 - 1), "an element claims 4294967295 bytes"),
        (sparse([5], [0, 1], (2, 1)), "lies outside"),
        (sparse([0], [0, 9], (2, 1)), "claims 9 entries"),
        (sparse([0], [1, 0], (2, 1)), "do not follow each other"),
        (nested(100), "nested more than 32 deep"),
        (element(15, zlib.compress(b"\0" * 99)), "type 0"),
        (element(9, bytes(8)), "type 9 stands where a variable was expected"),
    ],
)
def test_sizes_are_checked_before_anything_is_allocated(content, message):
    with pytest.raises(NetworkError, match=message):
        read_variables(saved({})[:128] + content)


def test_another_version_is_told():
    with pytest.raises(NetworkError, match="no MATLAB file of version 5 to 7"):
        read_variables(bytes(200))
