import argparse
import json
import os
from pathlib import Path

import pytest

from metagnn.cli.main import main
from metagnn.cli.model_argument import network_of, reading_model


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no pipes with names")
def test_a_pipe_in_place_of_a_model_does_not_block(tmp_path: Path, capsys):
    os.mkfifo(tmp_path / "m.xml")
    assert main(["info", str(tmp_path / "m.xml")]) == 2
    assert "m.xml', which is a pipe; expected one of .xml" in capsys.readouterr().err


def test_a_damaged_model_is_one_line(tmp_path: Path, capsys):
    (tmp_path / "m.json").write_text("[" * 100_000)
    assert main(["info", str(tmp_path / "m.json")]) == 2
    out, err = capsys.readouterr()
    assert err == f"metagnn: error: '{tmp_path / 'm.json'}' cannot be read as a model: it is nested too deep\n"
    assert not out


def test_the_process_ends_with_the_command(tmp_path: Path):
    (tmp_path / "m.json").write_text(json.dumps({"metabolites": [], "reactions": []}))
    chosen = argparse.Namespace(model=str(tmp_path / "m.json"), growth=None)
    with reading_model(chosen):
        process = chosen.reading._process
    assert process.returncode is not None


def test_a_name_is_read_here():
    chosen = argparse.Namespace(model="e_coli_core", growth=None)
    with reading_model(chosen):
        assert chosen.reading is None
        assert network_of(chosen).id == "e_coli_core"


@pytest.mark.parametrize("name", ["a" * 5000 + ".xml", "a\0.xml"])
def test_a_path_that_cannot_be_is_one_line(name: str, capsys):
    assert main(["info", name]) == 2
    assert capsys.readouterr().err.count("\n") == 1
