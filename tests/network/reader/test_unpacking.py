import bz2
import gzip
import io
import zipfile

import pytest

from metagnn.errors import NetworkError
from metagnn.network.reader import unpacking
from metagnn.network.reader.unpacking import packing, unpacked


def archive(**files: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in files.items():
            written.writestr(f"{name}.json", content)
    return buffer.getvalue()


PACKINGS = {".gz": gzip.compress, ".bz2": bz2.compress, ".zip": lambda content: archive(m=content)}


@pytest.mark.parametrize("packed", PACKINGS)
def test_what_unpacks_to_too_much_is_refused_on_the_way(packed, monkeypatch):
    content = PACKINGS[packed](bytes(9 << 20))
    assert packing(content) == packed
    assert unpacked(content, ".json", packed) == bytes(9 << 20)
    monkeypatch.setattr(unpacking, "MOST_BYTES", 1 << 20)
    with pytest.raises(NetworkError, match="it unpacks to more than 1 MiB"):
        unpacked(content, ".json", packed)


def test_an_archive_holds_one_model():
    with pytest.raises(NetworkError, match="the archive holds 2 files"):
        unpacked(archive(a=b"1", b=b"2"), ".json", ".zip")
