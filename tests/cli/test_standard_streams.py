import io

import pytest

from metagnn.cli.standard_streams import StandardStream


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
