import signal
from pathlib import Path

import cobra.io
import pytest

from metagnn.errors import ModelWarning, NetworkError
from metagnn.network.document import network_to_document
from metagnn.network.from_cobra import load_network, load_network_from
from metagnn.network.reader import reading_process
from metagnn.network.reader.reading_process import ReadingProcess


def test_the_network_is_the_same_in_every_field(tmp_path: Path):
    path = tmp_path / "core.xml"
    cobra.io.write_sbml_model(cobra.io.load_model("textbook"), path)
    own, other = load_network(path), load_network_from(ReadingProcess(path))
    assert other.fingerprint == own.fingerprint
    assert network_to_document(other) == network_to_document(own)


def test_notes_and_errors_pass(tmp_path: Path):
    path = tmp_path / "one.json"
    path.write_text('{"metabolites": [{"id": "a"}], "reactions": [{"id": "r", "metabolites": {"a": -1}}]}')
    with pytest.warns(ModelWarning, match="1 reaction without bounds in the file"):
        load_network_from(ReadingProcess(path))
    path.write_text("{")
    with pytest.raises(NetworkError, match=r"one.json' cannot be read as a model: it is truncated, damaged .*JSON"):
        ReadingProcess(path).draft()


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("import os; os.abort()", f"its reader crashed ({signal.SIGABRT.name})"),
        ("while True: pass", "reading took more than 0 s"),
        ("print('no answer')", "its reader crashed (status 0)"),
    ],
)
def test_a_reader_that_crashes_or_hangs_is_one_line(program, message, tmp_path: Path, monkeypatch):
    for name, seconds in (("WAIT_SECONDS", 0.1), ("WAIT_PER_MEBIBYTE", 0.0), ("_LEAST_SECONDS", 0.1)):
        monkeypatch.setattr(reading_process, name, seconds if "while" in program else 10.0)
    monkeypatch.setattr(reading_process, "_PROGRAM", program)
    path = tmp_path / "m.mat"
    path.write_bytes(b"?")
    with pytest.raises(NetworkError) as error:
        ReadingProcess(path).draft()
    assert f"m.mat' cannot be read as a model: {message}" in str(error.value)
    assert ("`metagnn.load_network` in Python reads without limits" in str(error.value)) == ("print" not in program)
    assert "\n" not in str(error.value)
