"""The eight kinds of input: how a damaged one is made from a seed, put on the disk, and given to the command line."""

from __future__ import annotations

import contextlib
import json
import os
import random
import socket
import sys
import traceback
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from pathlib import Path
from typing import ClassVar

import yaml

from metagnn.cli.main import _print_warning, main
from metagnn.errors import InputError, printable
from metagnn.network import MetabolicNetwork, load_network
from tests.faults import seed_models, seed_tables
from tests.faults.containers import mutate_folder, mutate_mat, mutate_parquet, mutate_zip
from tests.faults.mutations import NUMBERS, TEXTS, mutate_bytes, mutate_document, mutate_tokens
from tests.faults.seed_predictor import INPUTS, predictor_folders

Files = dict[str, bytes | str]
"""Content by name; a text names what stands there in place of a file: fifo, loop, folder, closed, socket, missing."""


class AbstractTarget(ABC):
    """One kind of input.

    Attributes:
        name: Its name on the command line of the fuzzer.
    """

    name: ClassVar[str]

    @abstractmethod
    def make(self, rng: random.Random) -> Files:
        """The files of one damaged input; the same for a generator in the same state."""

    @abstractmethod
    def run(self, folder: Path, rng: random.Random) -> int:
        """Do what the command line does with the input in a folder; return its exit status."""

    def commands(self, folder: Path) -> list[list[str]]:
        """Arguments of whole commands that do the same, for inputs that kill the process which reads them."""
        return []


class _Model(AbstractTarget):
    """A model: `info`, then `simulate` of one medium. It is read here, and not in a child, to be fast."""

    ending: ClassVar[str]
    seeds: ClassVar[Callable[[], list[bytes]]]

    def make(self, rng: random.Random) -> Files:
        content = self.change(rng, rng.choice(self._seeds))
        return {f"model{self.ending}": content, "media.csv": b"EX_glc_e,EX_o2_e\n10,20\n"}

    def change(self, rng: random.Random, content: bytes) -> bytes:
        return _text_or_bytes(rng, content, self._seeds)

    @cached_property
    def _seeds(self) -> list[bytes]:
        return type(self).seeds()

    def run(self, folder: Path, rng: random.Random) -> int:
        from metagnn.cli import commands
        from metagnn.cli.parser import parse

        # As `main` does, but for the reading: it may leave that to a child process, which costs more than the rest.
        with warnings.catch_warnings():
            warnings.showwarning = lambda message, category, *_: _print_warning(message, category)
            try:
                network = load_network(folder / f"model{self.ending}")
                code = 0
                for arguments in self.commands(folder):
                    chosen = parse(arguments)
                    chosen.model = network
                    code = code or getattr(commands, chosen.command)(chosen) or 0
                return code
            except (InputError, OSError) as error:
                print(f"metagnn: error: {printable(error)}", file=sys.stderr)
                return 2

    def commands(self, folder: Path) -> list[list[str]]:
        model = str(folder / f"model{self.ending}")
        simulate = ["simulate", model, "--media", str(folder / "media.csv"), "--out", str(folder / "labels.csv")]
        return [["info", model], simulate]


class Sbml(_Model):
    name, ending, seeds = "sbml", ".xml", staticmethod(seed_models.sbml_models)


class Json(_Model):
    name, ending, seeds = "json", ".json", staticmethod(seed_models.json_models)

    def change(self, rng: random.Random, content: bytes) -> bytes:
        if rng.random() < 0.5:
            return json.dumps(mutate_document(rng, json.loads(content))).encode()
        return super().change(rng, content)


class Yaml(_Model):
    name, ending, seeds = "yaml", ".yml", staticmethod(seed_models.yaml_models)

    def change(self, rng: random.Random, content: bytes) -> bytes:
        if rng.random() < 0.4:
            document = mutate_document(rng, seed_models.toy_document())
            return (yaml.safe_dump(document) if rng.random() < 0.2 else json.dumps(document)).encode()
        return super().change(rng, content)


class Mat(_Model):
    name, ending, seeds = "mat", ".mat", staticmethod(seed_models.mat_models)

    def change(self, rng: random.Random, content: bytes) -> bytes:
        if rng.random() < 0.2:
            return mutate_bytes(rng, content, self._seeds)
        return mutate_mat(rng, content)


class _Table(AbstractTarget):
    """A table, used as media, rates, fluxes or prices; the name of the file says as which."""

    def run(self, folder: Path, rng: random.Random) -> int:
        (folder / "toy.json").write_bytes(seed_models.json_models()[0])
        table = next(path for path in folder.iterdir() if path.stem in seed_tables.TABLES)
        toy, out = str(folder / "toy.json"), str(folder / f"out{rng.choice(('.csv', '.parquet'))}")
        if table.stem == "rates":
            return main(["reconcile", str(table), "--model", toy, "--out", str(folder / "results")])
        if table.stem == "prices":
            return main(["suggest-medium", toy, "--prices", str(table), "--budget", "10", "--out", out])
        use = table.stem if table.stem == "fluxes" else rng.choice(("simulate", "simulate", "bottlenecks", "predict"))
        if use in ("simulate", "bottlenecks"):
            return main([use, toy, "--media", str(table), "--out", out])
        files: Files = {f"saved/{name}": content for name, content in _saved()[0][1].items()}
        write_files(folder, files | {"inputs.csv": b"EX_glc_e,EX_o2_e\n10,20\n5,15\n2.5,3\n"})
        inputs, targets = folder / "inputs.csv", ["--targets", str(table)]
        if use == "predict":
            return main(["predict", str(folder / "saved"), "--inputs", str(table), "--out", out])
        if rng.random() < 0.1:
            # Three rows are too few to train on; what reads and checks them comes before.
            return main(["train", toy, "--inputs", str(inputs), *targets, "--out", str(folder / "model")])
        return main(["predict", str(folder / "saved"), "--inputs", str(inputs), *targets, "--out", out])


class Csv(_Table):
    """Text and workbooks."""

    name = "csv"

    def make(self, rng: random.Random) -> Files:
        use, ending = rng.choice(tuple(seed_tables.TABLES)), rng.choice((".csv", ".csv", ".csv", ".tsv", ".xlsx"))
        if ending == ".xlsx":
            return {f"{use}.xlsx": mutate_zip(rng, self._books[use])}
        separator = "\t" if ending == ".tsv" else ","
        seeds = seed_tables.text_tables(use, separator)
        if rng.random() < 0.5:
            rows = _mutate_rows(rng, seed_tables.table_rows(use))
            return {f"{use}{ending}": _joined(rng, rows, rng.choice((separator, separator, ";")))}
        return {f"{use}{ending}": _text_or_bytes(rng, rng.choice(seeds), seeds)}

    @cached_property
    def _books(self) -> dict[str, bytes]:
        return {use: seed_tables.workbook(seed_tables.table_rows(use)) for use in seed_tables.TABLES}


class Parquet(_Table):
    name = "parquet"

    def make(self, rng: random.Random) -> Files:
        use = rng.choice(tuple(seed_tables.TABLES))
        if rng.random() < 0.3:
            return {f"{use}.parquet": seed_tables.odd_parquet(rng, use)}
        return {f"{use}.parquet": mutate_parquet(rng, rng.choice(self._seeds[use]))}

    @cached_property
    def _seeds(self) -> dict[str, list[bytes]]:
        return {use: seed_tables.parquet_tables(use) for use in seed_tables.TABLES}


class UnitMap(AbstractTarget):
    name = "unitmap"

    def make(self, rng: random.Random) -> Files:
        seeds = [text.encode() for text in seed_tables.UNIT_MAPS]
        content = rng.choice(seeds)
        if rng.random() < 0.3:
            content = json.dumps(mutate_document(rng, yaml.safe_load(content))).encode()
        return {"units.yml": _text_or_bytes(rng, content, seeds)}

    def run(self, folder: Path, rng: random.Random) -> int:
        (folder / "toy.json").write_bytes(seed_models.json_models()[0])
        (folder / "rates.csv").write_text(seed_tables.UNITLESS)
        given = ["--model", str(folder / "toy.json"), "--units", str(folder / "units.yml")]
        return main(["reconcile", str(folder / "rates.csv"), *given, "--out", str(folder / "results")])


class Folder(AbstractTarget):
    name = "folder"

    def make(self, rng: random.Random) -> Files:
        kind, files = rng.choice(_saved())
        changed = mutate_folder(rng, files)
        return {"inputs.csv": INPUTS[kind].encode()} | {f"saved/{name}": content for name, content in changed.items()}

    def run(self, folder: Path, rng: random.Random) -> int:
        out = str(folder / "fluxes.csv")
        return main(["predict", str(folder / "saved"), "--inputs", str(folder / "inputs.csv"), "--out", out])


@cache
def _saved() -> list[tuple[str, dict[str, bytes]]]:
    """Kind of inputs and files of saved predictors."""
    return predictor_folders(toy_network())


def toy_network() -> MetabolicNetwork:
    """The network of the toy model."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "toy.json"
        path.write_bytes(seed_models.json_models()[0])
        return load_network(path)


TARGETS: dict[str, AbstractTarget] = {
    target.name: target for target in (Sbml(), Json(), Yaml(), Mat(), Csv(), Parquet(), UnitMap(), Folder())
}
"""The kinds by name."""


def write_files(folder: Path, files: Files) -> None:
    """Put an input on the disk."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif content == "fifo":
            os.mkfifo(path)
        elif content == "loop":
            path.symlink_to(path.name)
        elif content == "folder":
            path.mkdir()
        elif content == "closed":
            path.symlink_to("/dev/zero")
        elif content == "socket":
            with contextlib.closing(socket.socket(socket.AF_UNIX)) as end:
                end.bind(str(path))


def run_guarded(target: AbstractTarget, folder: Path, rng: random.Random) -> tuple[int | None, str]:
    """Run an input; return its exit status and what else was raised: None and a traceback."""
    try:
        with _pictures(rng.random() < 0.05):
            return target.run(folder, rng), ""
    except SystemExit as left:
        return int(left.code or 0), ""
    except BaseException as error:  # noqa: BLE001 - whatever comes out of the command line is what is looked for
        return None, f"{type(error).__name__}\n{traceback.format_exc()}"


@contextlib.contextmanager
def _pictures(drawn: bool) -> Iterator[None]:
    """Without matplotlib, as an installation may be: a picture takes longer than all else."""
    if drawn:
        yield
        return
    own = {name: module for name, module in sys.modules.items() if name.startswith(("metagnn.plots", "matplotlib"))}
    for name in own:
        del sys.modules[name]
    sys.modules["matplotlib"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules["matplotlib"]
        sys.modules.update(own)


def _text_or_bytes(rng: random.Random, content: bytes, seeds: list[bytes]) -> bytes:
    return mutate_tokens(rng, content) if rng.random() < 0.6 else mutate_bytes(rng, content, seeds)


def _mutate_rows(rng: random.Random, rows: list[list[object]]) -> list[list[object]]:
    """Change one to three cells, rows or columns of a table."""
    rows = [list(row) for row in rows]
    for _ in range(rng.choice((1, 1, 2, 3))):
        change, row = rng.random(), rng.randrange(len(rows))
        if change < 0.05:
            rows.insert(row, list(rows[row]))
        elif change < 0.1:
            rows[row] = rows[row][:-1] if rng.random() < 0.5 else [*rows[row], rng.choice(TEXTS)]
        elif change < 0.2:
            new = rng.choice((*TEXTS, "notes", "EX_co2_e", "GROWTH", "EX_glc_e_std", "time [h]", "biomass [g/L]"))
            rows = [[*cells, cells[-1] if number and cells else new] for number, cells in enumerate(rows)]
        elif change < 0.25:
            rows[row] = []
        elif rows[row]:
            number, text = rng.choice(NUMBERS), rng.choice((*TEXTS, *rows[0]))
            rows[row][rng.randrange(len(rows[row]))] = number if rng.random() < 0.6 else text
    return rows


def _joined(rng: random.Random, rows: list[list[object]], separator: str) -> bytes:
    """Rows as text, as a careless program writes them: without quotes, and with any ends of lines."""
    ends = rng.choice(("\n", "\n", "\r\n", "\r"))
    return ends.join(separator.join(map(str, row)) for row in rows).encode("utf-8", "surrogatepass")
