import hashlib

from hypothesis import given
from hypothesis import strategies as st

from metagnn.files.sealed import PART, checksum, read_sealed, sealed

DOCUMENT = {"job": {"network": "ü", "sizes": [1, 2.5, None, True]}, "files": {"a.csv": "0f"}}


def test_a_document_is_read_as_it_was_written(tmp_path):
    (tmp_path / "a").write_bytes(sealed(DOCUMENT))
    assert read_sealed(tmp_path / "a") == DOCUMENT


@given(data=st.data())
def test_no_damage_is_believed(tmp_path_factory, data):
    content, path = sealed(DOCUMENT), tmp_path_factory.mktemp("sealed") / "a"
    at = data.draw(st.integers(0, len(content) - 1))
    path.write_bytes(content[:at] + data.draw(st.binary(max_size=3)) + content[at + data.draw(st.integers(0, 3)) :])
    assert read_sealed(path) in (None, DOCUMENT)


def test_what_is_no_sealed_document_is_none(tmp_path):
    for content in (b"", b"{}", b"[]", b"null", b"{", b"[" * 100_000):
        (tmp_path / "a").write_bytes(content)
        assert read_sealed(tmp_path / "a") is None
    assert read_sealed(tmp_path) is None
    assert read_sealed(tmp_path / "none") is None


def test_a_checksum_is_that_of_the_whole_file(tmp_path):
    content = bytes(range(256)) * (PART // 100)
    (tmp_path / "a").write_bytes(content)
    assert checksum(tmp_path / "a") == checksum(tmp_path / "a", to_disk=True) == hashlib.sha256(content).hexdigest()
