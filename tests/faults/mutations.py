"""Mutators of bytes, of the words and numbers in a text, and of nested documents; each is a function of a generator."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable, Sequence
from typing import Any

NUMBERS = (
    *("nan", "NaN", "inf", "-inf", "Infinity", "1e308", "-1e308", "1e999", "-1e999", "5e-324", "1e-320", "-0", "-0.0"),
    *("0", "1", "-1", "1e5", "1e9", "1e15", "2147483648", "4294967296", "9007199254740993", "9223372036854775808"),
    *("18446744073709551616", "1" + "0" * 30, "9" * 400, "0x10", "1_000", "1,5", "1.5.5", "٣", "", " ", "null", "true"),
    *("1e", "--1", "+", ".", "1/0", "text"),
)
"""What stands in place of a number."""

TEXTS = (
    *(
        "",
        " ",
        "\0",
        "a\0b",
        "é\0",
        "\x1b[31mred\x1b[0m",
        "\x07",
        "\x7f",
        "\x9b31m",
        "\u202egnp.exe",
        "\u2028",
        "\ufeff",
    ),
    *(
        "a\nb",
        "a\r\nb",
        "\r",
        "\t",
        "#",
        '"',
        "'",
        "`",
        "<",
        "&",
        "]]>",
        "{",
        "[",
        "=1+1",
        "@SUM(A1)",
        "../../x",
        "NaN",
    ),
    *("null", "None", "true", "-", "a" * 300, "a" * 20_000, "١٢", "😀", "a\u0301", "ß", "%s%n", "{0}", "\\", "1e999"),
)
"""What stands in place of a name or another text."""

BYTES = (b"\0", b"\xff", b"\x80", b"\x7f", b"\x1b", b"\n", b"\r", b",", b'"', b"0", b"9", b"<", b"{", b"\xed\xa0\x80")

_NUMBER = re.compile(rb"(?<![\w.])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_WORD = re.compile(rb"[A-Za-z_][\w\-]*")


def mutate_bytes(rng: random.Random, content: bytes, others: Sequence[bytes] = ()) -> bytes:
    """One to four changes of bytes, blind to what they mean."""
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        content = rng.choice(_CHANGES)(rng, content, others)
    return content


def mutate_tokens(rng: random.Random, content: bytes) -> bytes:
    """Replace, drop, double or swap one to three words or numbers of a text."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        numbers = rng.random() < 0.6
        found = list((_NUMBER if numbers else _WORD).finditer(content))
        if not found:
            return content
        token = rng.choice(found)
        new = rng.choice(NUMBERS if numbers and rng.random() < 0.9 else TEXTS).encode("utf-8", "surrogatepass")
        change = rng.random()
        if change > 0.9:
            new = token[0] * 2
        elif change > 0.7:
            new = rng.choice(found)[0]
        content = content[: token.start()] + new + content[token.end() :]
    return content


def mutate_document(rng: random.Random, document: Any) -> Any:
    """Change one to three places of nested dicts and lists; the document itself is left as it is."""
    document = json.loads(json.dumps(document))
    for _ in range(rng.choice((1, 1, 2, 3))):
        places = list(_places(document))
        if not places:
            return hostile_value(rng)
        # Few keys at the top stand beside many at the bottom: draw the depth first.
        depth = rng.choice(sorted({deep for deep, _, _ in places}))
        _, holder, key = rng.choice([place for place in places if place[0] == depth])
        _change_place(rng, holder, key)
    return document


def hostile_value(rng: random.Random) -> Any:
    """A value of any type that JSON and YAML can hold."""
    kind = rng.randrange(6)
    if kind == 0:
        return rng.choice(TEXTS)
    if kind == 1:
        return rng.choice((float("nan"), float("inf"), -float("inf"), 1e308, -1e308, 5e-324, -0.0, 0.5, -1.5))
    if kind == 2:
        return rng.choice((0, -1, 1, 10**5, 10**9, 2**31, 2**53 + 1, 2**63, 2**64, 10**30, 10**400, -(10**18)))
    if kind == 3:
        return rng.choice((None, True, False))
    if kind == 4:
        return rng.choice(([], {}, [[]], {"": ""}, [None], {"a": [1]}, [1, "a", None], [0] * 1000))
    return nested(rng.choice((5, 50, 400)))


def nested(depth: int) -> Any:
    """A list in a list in a list."""
    found: Any = 0
    for _ in range(depth):
        found = [found]
    return found


def _places(document: Any) -> list[tuple[int, Any, Any]]:
    found: list[tuple[int, Any, Any]] = []
    waiting: list[tuple[int, Any]] = [(0, document)]
    while waiting:
        deep, holder = waiting.pop()
        keys = list(holder) if isinstance(holder, dict) else range(len(holder)) if isinstance(holder, list) else ()
        for key in keys:
            found.append((deep, holder, key))
            waiting.append((deep + 1, holder[key]))
    return found


def _change_place(rng: random.Random, holder: Any, key: Any) -> None:
    change = rng.randrange(8)
    value = holder[key]
    if change == 0:
        del holder[key]
    elif change == 1 and isinstance(holder, dict):
        holder[rng.choice(TEXTS)] = holder.pop(key)
    elif change == 1:
        holder.insert(key, value)
    elif change == 2 and isinstance(value, str):
        place = rng.randrange(len(value) + 1)
        holder[key] = value[:place] + rng.choice(TEXTS) + value[place:]
    elif change == 2 and isinstance(value, (int, float)):
        holder[key] = rng.choice((str(value), -value, [value], value * 10**6, bool(value)))
    elif change == 3 and isinstance(value, list) and value:
        holder[key] = rng.choice((value * 2, value[:-1], value[1:], value[::-1], [value]))
    elif change == 4 and len(holder) > 1:
        other = rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        holder[key], holder[other] = holder[other], value
    else:
        holder[key] = hostile_value(rng)


def _flip(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    if not content:
        return b"\0"
    place = rng.randrange(len(content))
    return content[:place] + bytes([content[place] ^ (1 << rng.randrange(8))]) + content[place + 1 :]


def _replace(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    place = rng.randrange(len(content) + 1)
    return content[:place] + rng.choice((bytes([rng.randrange(256)]), rng.choice(BYTES))) + content[place + 1 :]


def _insert(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    place = rng.randrange(len(content) + 1)
    new = rng.choice(BYTES) * rng.choice((1, 1, 2, 8, 5000))
    return content[:place] + new + content[place:]


def _delete(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _span(rng, content)
    return content[:start] + content[end:]


def _double(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    start, end = _span(rng, content)
    return content[:end] + content[start:end] * rng.choice((1, 1, 2, 30)) + content[end:]


def _truncate(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _overwrite(rng: random.Random, content: bytes, _: Sequence[bytes]) -> bytes:
    place, size = rng.randrange(len(content) + 1), rng.choice((2, 4, 8))
    value = rng.choice((0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**40, 2**63 - 1)) % 256**size
    return content[:place] + value.to_bytes(size, rng.choice(("little", "big"))) + content[place + size :]


def _splice(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    other = rng.choice(others) if others else content
    return content[: rng.randrange(len(content) + 1)] + other[rng.randrange(len(other) + 1) :]


def _span(rng: random.Random, content: bytes) -> tuple[int, int]:
    start = rng.randrange(len(content) + 1)
    return start, min(len(content), start + rng.choice((1, 2, 8, 64, 1000)))


Change = Callable[[random.Random, bytes, Sequence[bytes]], bytes]
_CHANGES: tuple[Change, ...] = (_flip, _flip, _replace, _insert, _delete, _double, _truncate, _overwrite, _splice)
