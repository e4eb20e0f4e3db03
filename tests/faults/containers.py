"""Mutators that know a container: the elements of MAT files, the footer of Parquet, the header of safetensors, zips."""

from __future__ import annotations

import hashlib
import io
import json
import random
import struct
import zipfile
import zlib
from typing import Any

from metagnn.network.document import network_from_document
from tests.faults.mutations import NUMBERS, TEXTS, mutate_bytes, mutate_document, mutate_tokens, nested

MAT_HEADER, COMPRESSED = 128, 15
"""Bytes before the first element of a MAT file, and the type of an element that zlib has packed."""


def mutate_mat(rng: random.Random, content: bytes) -> bytes:
    """Change the elements of a MAT file behind its header; packed ones are unpacked, changed and packed again."""
    header, body = content[:MAT_HEADER], content[MAT_HEADER:]
    kind, size = struct.unpack("<II", body[:8])
    if kind != COMPRESSED:
        return header + _mutate_elements(rng, body)
    changed = zlib.compress(_mutate_elements(rng, zlib.decompress(body[8 : 8 + size])))
    if rng.random() < 0.1:
        size, changed = rng.choice((0, 7, 2**31, 2**32 - 1)), mutate_bytes(rng, changed)
        return header + struct.pack("<II", kind, size) + changed
    return header + struct.pack("<II", kind, len(changed)) + changed


def _mutate_elements(rng: random.Random, body: bytes) -> bytes:
    """Overwrite a tag, a size or a flag, which lie at multiples of four bytes; or any byte."""
    if rng.random() < 0.3:
        return mutate_bytes(rng, body)
    for _ in range(rng.choice((1, 1, 2))):
        place = 4 * rng.randrange(len(body) // 4)
        value = rng.choice((0, 1, 2, 5, 6, 9, 13, 14, 15, 16, 18, 255, 10**6, 2**24, 2**31 - 1, 2**31, 2**32 - 1))
        if rng.random() < 0.3:
            value = max(0, struct.unpack("<I", body[place : place + 4])[0] + rng.choice((-1, 1, 8, -8, 256))) % 2**32
        body = body[:place] + struct.pack("<I", value) + body[place + 4 :]
    return body


def mutate_parquet(rng: random.Random, content: bytes) -> bytes:
    """Change the footer (thrift: sizes, offsets, types, names) or the pages of a Parquet file."""
    footer = struct.unpack("<I", content[-8:-4])[0]
    start = len(content) - 8 - footer
    pages, meta = content[:start], content[start:-8]
    if rng.random() < 0.6:
        place = rng.randrange(len(meta) + 1)
        new = rng.choice(
            (bytes([rng.randrange(256)]), b"\x80", b"\xff\xff\xff\xff\x0f", b"\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01")
        )
        kept = place + (len(new) if rng.random() < 0.7 else 0)
        meta = meta[:place] + new + meta[kept:]
    else:
        pages = b"PAR1" + mutate_bytes(rng, pages[4:])
        if len(pages) != start and rng.random() < 0.5:
            pages = (pages + b"\0" * start)[:start]
    length = len(meta)
    if rng.random() < 0.1:
        length = rng.choice((0, 1, length - 1, length + 1, 2**31 - 1, 2**32 - 1))
    return pages + meta + struct.pack("<I", length % 2**32) + b"PAR1"


def mutate_zip(rng: random.Random, content: bytes) -> bytes:
    """Change one file in a zip archive and pack it again, with fitting checksums; or its directory."""
    if rng.random() < 0.2:
        return mutate_bytes(rng, content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    name = rng.choice([name for name in files if "sheet1" in name or "shared" in name] or list(files))
    if rng.random() < 0.3:
        name = rng.choice(list(files))
    change = rng.random()
    if change < 0.1:
        del files[name]
    elif change < 0.2:
        files[name] = _swollen(rng, files[name])
    else:
        files[name] = (mutate_tokens if rng.random() < 0.6 else mutate_bytes)(rng, files[name])
    return pack_zip(files)


def pack_zip(files: dict[str, bytes]) -> bytes:
    """A zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def _swollen(rng: random.Random, content: bytes) -> bytes:
    """A part that unfolds to a hundred times what it was, or names an entity of itself."""
    bomb = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "' + b"a" * 1000 + b'">'
    for level in range(6):
        bomb += f'<!ENTITY {chr(98 + level)} "{f"&{chr(97 + level)};" * 20}">'.encode()
    return rng.choice((content + b" " * 10**6, bomb + b"]><worksheet>&g;</worksheet>", b"<a>" * 20_000, content * 100))


def mutate_safetensors(rng: random.Random, content: bytes, sealed: bool) -> bytes:
    """Change the header (shapes, offsets, types, names) or the data; sealed: with the checksum that fits again."""
    size = struct.unpack("<Q", content[:8])[0]
    header, data = json.loads(content[8 : 8 + size]), content[8 + size :]
    if rng.random() < 0.3:
        data = mutate_bytes(rng, data)
    else:
        header = mutate_document(rng, header) if rng.random() < 0.3 else _mutate_tensor(rng, header)
    if sealed and isinstance(header, dict):
        _seal(header, data)
    text = json.dumps(header).encode()
    length = len(text) if rng.random() < 0.95 else rng.choice((0, 1, len(text) - 1, 2**31, 2**63, 2**64 - 1))
    return struct.pack("<Q", length) + text + data


def _mutate_tensor(rng: random.Random, header: dict[str, Any]) -> dict[str, Any]:
    name = rng.choice([name for name in header if name != "__metadata__"])
    entry = header[name]
    change = rng.randrange(5)
    if change == 0:
        entry["shape"] = rng.choice(
            ([], [1], [10**9], [10**5, 10**5], [0], [2**62, 4], [-1], entry["shape"][::-1], [1.5])
        )
    elif change == 1:
        entry["dtype"] = rng.choice(("F64", "F16", "I64", "BOOL", "BF16", "F8_E4M3", "C64", "U8", "x", ""))
    elif change == 2:
        entry["data_offsets"] = rng.choice(([0, 0], [0, 2**63], [8, 4], [0], entry["data_offsets"][::-1]))
    elif change == 3:
        header[rng.choice((*TEXTS, *header))] = header.pop(name)
    else:
        del header[name]
    return header


def _seal(header: dict[str, Any], data: bytes) -> None:
    """Write the checksum that these tensors have, so that reading goes beyond its check."""
    import safetensors.torch

    metadata = header.get("__metadata__")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("document"), str):
        return
    text = json.dumps(header).encode()
    try:
        tensors = safetensors.torch.load(struct.pack("<Q", len(text)) + text + data)
        digest = hashlib.sha256(metadata["document"].encode())
        for name in sorted(tensors):
            tensor = tensors[name]
            digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode())
            digest.update(tensor.numpy().tobytes())
    except Exception:  # noqa: BLE001 - what cannot be loaded has no checksum, and is tried as it is
        return
    metadata["sha256"] = digest.hexdigest()


def mutate_folder(rng: random.Random, files: dict[str, bytes]) -> dict[str, bytes | str]:
    """Change one file of a saved predictor; or remove one, add one, or put a pipe, a loop or a folder in its place."""
    found: dict[str, bytes | str] = dict(files)
    name = rng.choice(list(files))
    change = rng.random()
    if change < 0.05:
        found[name] = rng.choice(("fifo", "loop", "folder", "missing", "closed", "socket"))
    elif change < 0.08:
        found[rng.choice(("more.txt", "a\nb", "\x1b[31m"))] = rng.choice((b"", "fifo", "loop", "folder"))
    elif change < 0.45:
        found["config.json"] = _mutate_config(rng, files["config.json"])
    elif change < 0.7:
        found |= _sealed_network(rng, files)
    elif change < 0.9:
        found["weights.safetensors"] = mutate_safetensors(rng, files["weights.safetensors"], rng.random() < 0.7)
    else:
        found[name] = mutate_bytes(rng, files[name])
    return found


def _sealed_network(rng: random.Random, files: dict[str, bytes]) -> dict[str, bytes]:
    """A changed network, mostly with the checksum that fits again, and half of these with the fingerprint, too."""
    document = mutate_document(rng, json.loads(files["network.json"]))
    text = json.dumps(document).encode()
    changed = {"network.json": text}
    if rng.random() < 0.2:
        return changed
    config = json.loads(files["config.json"]) | {"network_sha256": hashlib.sha256(text).hexdigest()}
    if rng.random() < 0.5:
        try:
            config["fingerprint"] = network_from_document(document).fingerprint
        except Exception:  # noqa: BLE001 - what cannot be read has no fingerprint, and is tried as it is
            return changed
        size = struct.unpack("<Q", files["weights.safetensors"][:8])[0]
        header, data = json.loads(files["weights.safetensors"][8 : 8 + size]), files["weights.safetensors"][8 + size :]
        header["__metadata__"]["document"] = json.dumps({"fingerprint": config["fingerprint"]})
        _seal(header, data)
        new = json.dumps(header).encode()
        changed["weights.safetensors"] = struct.pack("<Q", len(new)) + new + data
    return changed | {"config.json": json.dumps(config).encode()}


def _mutate_config(rng: random.Random, content: bytes) -> bytes:
    document = json.loads(content)
    place = rng.choice(("config", "training", "constraint", "all", "all", "text", "deep"))
    if place == "deep":
        depth = rng.choice((900, 5_000, 200_000))
        return content[:-2] + b', "a": ' + b"[" * depth + b"]" * depth + b"}"
    if place == "text":
        return content.replace(b"1", rng.choice(NUMBERS).encode(), 1)
    if place == "all":
        return json.dumps(mutate_document(rng, document)).encode()
    inner = document[place]
    values = (
        10**9,
        10**5,
        -1,
        0,
        2**63,
        10**400,
        1.5,
        float("nan"),
        float("inf"),
        "1",
        "",
        None,
        True,
        [],
        {},
        nested(50),
    )
    inner[rng.choice([*inner, "new"])] = rng.choice(values)
    return json.dumps(document).encode()
