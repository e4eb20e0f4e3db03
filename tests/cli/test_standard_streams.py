import io
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import pytest

from metagnn.cli.standard_streams import StandardStream, standard_streams
from tests.faults.commands import shrink, write_inputs
from tests.faults.forked_command import run_command

pytestmark = pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="forks")

QUIET = {"closed": 0, "no reader": 141, "/dev/full": 2}
"""Exit status by what is wrong with standard output."""


@pytest.mark.parametrize("out", QUIET)
@pytest.mark.parametrize("command", ["info toy", "--help", "simulate toy --media media.csv --out fluxes.csv"])
def test_output_that_nobody_takes_is_no_traceback_and_no_lost_file(
    preloaded: ProcessPoolExecutor, tmp_path: Path, out: str, command: str
) -> None:
    write_inputs(tmp_path)
    ended = preloaded.submit(run_command, command.split(), tmp_path, shrink, out).result()
    assert ended.status == QUIET[out]
    full = "metagnn: error: standard output cannot be written (No space left on device)\n"
    assert ended.err == (full if out == "/dev/full" else "")
    if "simulate" in command:
        assert (tmp_path / "fluxes.csv").read_text().count("\n") == 21
        assert not list(tmp_path.glob("*.partial"))


@pytest.mark.parametrize("err", QUIET)
def test_errors_that_nobody_reads_keep_their_status(preloaded: ProcessPoolExecutor, tmp_path: Path, err: str) -> None:
    ended = preloaded.submit(
        run_command, ["simulate", "toy", "--media", "no.csv", "--out", "o"], tmp_path, shrink, "", err
    )
    assert ended.result().status == 2
    assert ended.result().out == ""
    assert preloaded.submit(run_command, ["info", "toy"], tmp_path, shrink, "", err).result().status == 0


def test_a_stream_fails_once_and_then_takes_everything() -> None:
    class Full(io.StringIO):
        tries = 0

        def write(self, text: str) -> int:
            self.tries += 1
            raise OSError(28, "No space left on device")

    full = Full()
    stream = StandardStream(full)
    assert stream.write("four") == 4
    stream.writelines(["a", "b"])
    stream.flush()
    assert full.tries == 1
    assert stream.error is not None
    assert stream.encoding == full.encoding


def test_streams_are_put_back(capsys: pytest.CaptureFixture) -> None:
    before = sys.stdout, sys.stderr
    with standard_streams() as (out, err):
        assert (sys.stdout, sys.stderr) == (out, err)
        sys.stdout.write("one\n")
        sys.stderr.write("two\n")
    assert (sys.stdout, sys.stderr) == before
    assert capsys.readouterr() == ("one\n", "two\n")


@pytest.mark.parametrize(
    ("encoding", "text", "written"),
    [
        ("utf-8", "→ α \udcff", "→ α \\udcff".encode()),
        ("ascii", "→ |S·v| ≤ 2, α ü \udcff", b"-> |S*v| <= 2, alpha \\xfc \\udcff"),
        ("latin-1", "· → ü", "· -> ü".encode("latin-1")),
        ("ascii", "plain", b"plain"),
    ],
)
def test_what_the_encoding_lacks_is_written_in_its_letters(encoding: str, text: str, written: bytes) -> None:
    content = io.BytesIO()
    stream = StandardStream(io.TextIOWrapper(content, encoding))
    assert stream.write(text) == len(text)
    stream.flush()
    assert content.getvalue() == written
    assert stream.error is None


def test_a_missing_stream_takes_everything() -> None:
    stream = StandardStream(None)
    stream.write("→\n")
    stream.flush()
    assert stream.error is None
    assert not stream.isatty()
