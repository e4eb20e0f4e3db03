import pytest

from metagnn.errors import NetworkError
from metagnn.network.reader import xml_text as module
from metagnn.network.reader.sbml_document import read_sbml
from metagnn.network.reader.xml_text import xml_text

SBML = """<?xml version="1.0" encoding="{}"?>
<sbml xmlns="http://www.sbml.org/sbml/level3/version1/core" level="3" version="1"><model id="m"><listOfSpecies>
<species id="M_a_c" name="ä" compartment="c" hasOnlySubstanceUnits="false" boundaryCondition="false" constant="false"/>
</listOfSpecies><listOfReactions><reaction id="R_r" reversible="false" fast="false"><listOfReactants>
<speciesReference species="M_a_c" stoichiometry="1" constant="true"/></listOfReactants></reaction></listOfReactions>
</model></sbml>"""


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "latin-1"])
def test_a_document_of_any_encoding_is_read(encoding):
    named = {"utf-8-sig": "UTF-8", "latin-1": "ISO-8859-1"}.get(encoding, encoding.upper())
    draft = read_sbml(SBML.format(named).encode(encoding))
    assert [(m.id, m.name) for m in draft.metabolites] == [("a_c", "ä")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<!DOCTYPE s [<!ENTITY a 'b'>]><sbml>&a;</sbml>", "document type or entities"),
        (b"<sbml>" + b"<p>" * 300 + b"</p>" * 300 + b"</sbml>", "nested 301 deep; expected 256 at most"),
        (b"<sbml a='" + bytes(6 << 20) + b"'/>", "one of its elements has 6 MiB; expected 4 MiB at most"),
        (b"<sbml>\0</sbml>", "NUL character"),
        (SBML.format("rot13").encode(), "its encoding 'rot13' is unknown"),
    ],
)
def test_what_breaks_readers_is_refused(content, message):
    with pytest.raises(NetworkError, match=message):
        xml_text(content)


def test_many_entries_beside_each_other_are_no_nesting_but_may_be_too_many(monkeypatch):
    content = b"<sbml>" + b"<species id='a'/><b><c/></b><!-- < -->" * 1000 + b"</sbml>"
    assert xml_text(content) == content.decode()
    monkeypatch.setattr(module, "MOST_ENTRIES", 999)
    with pytest.raises(NetworkError, match="it holds 1,000 species and reactions; expected 999 at most"):
        xml_text(content)
