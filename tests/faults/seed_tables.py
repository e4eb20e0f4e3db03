"""Small tables for the toy model: media, measured rates, fluxes and prices, in each format; and maps of units."""

from __future__ import annotations

import io
import random

import openpyxl
import pandas as pd
import pyarrow
import pyarrow.parquet

MEDIA = {"sample": ["a", "b", "c"], "EX_glc_e": [10.0, 5.0, 2.5], "EX_o2_e": [20.0, 15.0, 3.0]} | {
    "knockout": ["", "g3", "OVER"]
}
RATES = {
    "sample": ["s1", "s2", "s3"],
    "strain": ["K12", "K12", "B"],
    "glucose_uptake [mmol/gDW/h]": [5.0, 4.0, 3.1],
    "qO2 [mmol/gDW/h]": [12.2, 9.5, 7.4],
    "CER [mmol/gDW/h]": [12.9, 10.3, 7.9],
    "nh4_uptake [mmol/gDW/h]": [3.5, 2.9, 2.1],
    "EX_ac_e [mmol/gDW/h]": [0.1, 0.0, 0.2],
    "EX_ac_e_std [mmol/gDW/h]": [0.01, 0.01, 0.02],
    "growth [1/h]": [0.41, 0.33, 0.25],
}
FLUXES = {"sample": ["a", "b", "c"], "BURN": [1.5, 1.2, 0.4], "GROWTH": [0.9, 0.4, 0.2], "EX_co2_e": [11.0, 9.0, 3.0]}
PRICES = {"EX_glc_e": [1.0], "EX_o2_e": [0.1], "EX_nh4_e": [0.5]}
TABLES = {"media": MEDIA, "rates": RATES, "fluxes": FLUXES, "prices": PRICES}
"""Tables by what they are used for."""

UNIT_MAPS = (
    "glucose_uptake: mmol/gDW/h\nqO2: mmol/gDW/h\nCER: mmol/gDW/h\nnh4_uptake: mmol/gDW/h\ngrowth: 1/h\n",
    "# units\n'glucose_uptake': 'g/gDW/h'\nqO2: mmol/gDW/h\nCER: ignore\nnh4_uptake: mmol/gDW/h\ngrowth: 1/h\n",
    "{glucose_uptake: mmol/gDW/h, qO2: mmol/gDW/h, CER: mmol/gDW/h, nh4_uptake: ignore, growth: 1/h}\n",
    "glucose_uptake: &u mmol/gDW/h\nqO2: *u\nCER: >-\n  mmol/gDW/h\nnh4_uptake: *u\ngrowth: |-\n  1/h\n",
)
"""Maps of units of a table whose headers have none."""

UNITLESS = "sample,glucose_uptake,qO2,CER,nh4_uptake,growth\ns1,5,12.2,12.9,3.5,.41\ns2,4,9.5,10.3,2.9,.33\n"
"""The table that the maps belong to."""


def text_tables(use: str, separator: str) -> list[bytes]:
    """A table as text: plain, with comments and a row of units, with decimal commas, and in UTF-16."""
    frame = pd.DataFrame(TABLES[use])
    plain = frame.to_csv(sep=separator, index=False)
    names, _, body = plain.partition("\n")
    bare = separator.join(name.partition(" [")[0] for name in names.split(separator))
    units = separator.join(name.partition(" [")[2].rstrip("]") or "-" for name in names.split(separator))
    found = [plain.encode(), f"# note\n{bare}\n{units}\n{body}".encode(), plain.replace("\n", "\r\n").encode()]
    if separator == ",":
        found.append(frame.to_csv(sep=";", decimal=",", index=False).encode())
        found.append(b"sep=;\n" + frame.to_csv(sep=";", index=False).encode())
    return [*found, ("\ufeff" + plain).encode("utf-16-le")]


def workbook(rows: list[list[object]]) -> bytes:
    """Rows of cells as an Excel workbook."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def table_rows(use: str) -> list[list[object]]:
    """A table as rows of cells, the header first."""
    table = TABLES[use]
    return [list(table), *(list(row) for row in zip(*table.values(), strict=True))]


def parquet_tables(use: str) -> list[bytes]:
    """A table as Parquet, with several codecs, encodings and pages."""
    table = pyarrow.Table.from_pandas(pd.DataFrame(TABLES[use]))
    ways = (
        {"compression": "snappy"},
        {"compression": "none", "use_dictionary": False},
        {"compression": "zstd", "row_group_size": 1, "data_page_version": "2.0"},
        {"compression": "gzip", "write_statistics": False, "store_schema": False},
    )
    return [parquet_bytes(table, **way) for way in ways]


def parquet_bytes(table: pyarrow.Table, **way: object) -> bytes:
    """An arrow table as the bytes of a Parquet file."""
    buffer = io.BytesIO()
    pyarrow.parquet.write_table(table, buffer, **way)
    return buffer.getvalue()


def odd_parquet(rng: random.Random, use: str) -> bytes:
    """A Parquet table with one or two columns of a type that no table of rates has, or of many rows of one value."""
    columns = {name: pyarrow.array(values) for name, values in TABLES[use].items()}
    rows = len(next(iter(columns.values())))
    odd = (
        pyarrow.array([[1.0, 2.0]] * rows),
        pyarrow.array([{"a": 1.0, "b": "x"}] * rows),
        pyarrow.array([[("k", 1)]] * rows, pyarrow.map_(pyarrow.string(), pyarrow.int64())),
        pyarrow.array([1] * rows, pyarrow.timestamp("ns", "Europe/Berlin")),
        pyarrow.array([-(2**52)] * rows, pyarrow.timestamp("ms")),
        pyarrow.array([2**30] * rows, pyarrow.date32()),
        pyarrow.array([1] * rows, pyarrow.duration("s")),
        pyarrow.array([1] * rows, pyarrow.time64("ns")),
        pyarrow.array([10**70] * rows, pyarrow.decimal256(76, 3)),
        pyarrow.array([b"\xff\0"] * rows),
        pyarrow.array([b"\xff\xfe"] * rows, pyarrow.binary()).cast(pyarrow.string(), safe=False),
        pyarrow.array(["x\0y"] * rows).dictionary_encode(),
        pyarrow.array([None] * rows, pyarrow.null()),
        pyarrow.array([float("inf")] * rows),
        pyarrow.array([1e308] * rows),
        pyarrow.array([2**64 - 1] * rows, pyarrow.uint64()),
        pyarrow.array([1.0] * rows, pyarrow.float16()),
        pyarrow.array([True] * rows),
    )
    for _ in range(rng.choice((1, 2))):
        columns[rng.choice((*columns, "new", "\x1b[2J", "a\0b"))] = rng.choice(odd)
    table = pyarrow.table(columns)
    if rng.random() < 0.2:
        metadata = rng.choice(
            (b"", b"{", b"[]", b'{"index_columns": [1, {"kind": "range"}], "columns": 3}', b"\xff" * 99)
        )
        table = table.replace_schema_metadata({b"pandas": metadata})
    if rng.random() < 0.03:
        size = rng.choice((10**6, 5 * 10**7, 3 * 10**8))
        return parquet_bytes(pyarrow.table({next(iter(columns)): pyarrow.nulls(size, pyarrow.float64())}))
    return parquet_bytes(table, compression=rng.choice(("none", "snappy", "zstd")))
