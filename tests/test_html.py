from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from metagnn._html import html_table

texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.cells: list[str] = []

    def handle_starttag(self, tag, attrs):
        assert tag in {"table", "caption", "tr", "th", "td"}
        if tag in {"caption", "th", "td"}:
            self.cells.append("")

    def handle_data(self, data):
        self.cells[-1] += data


@given(texts, st.lists(st.tuples(texts, texts), max_size=4), st.booleans())
def test_a_reader_finds_every_text_in_its_cell(title, rows, headed):
    header = ("a<b", "&amp;") if headed else ()
    reader = Reader()
    reader.feed(html_table(title, rows, header))
    reader.close()
    assert reader.cells == [title, *header, *(cell for row in rows for cell in row)]
