"""Small tables in HTML, for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape


def html_table(title: str, rows: Iterable[Sequence[object]], header: Sequence[str] = ()) -> str:
    """Return a table with a title; every text is escaped.

    Args:
        title: What is shown.
        rows: Cells of each row; without a header, the first cell of a row is its heading.
        header: Headings of the columns.

    >>> html_table("a < b", [("metabolites", 72)])
    '<table><caption>a &lt; b</caption><tr><th>metabolites</th><td>72</td></tr></table>'
    """
    first = "td" if header else "th"
    lines = ["".join(f"<th>{escape(name)}</th>" for name in header)] if header else []
    for head, *cells in rows:
        lines.append(f"<{first}>{escape(str(head))}</{first}>" + "".join(f"<td>{escape(str(c))}</td>" for c in cells))
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><caption>{escape(title)}</caption>{body}</table>"
