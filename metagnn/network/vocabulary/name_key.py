"""Keys under which two spellings of a name are the same."""

from __future__ import annotations

import re

_GREEK = str.maketrans({"α": "alpha", "β": "beta", "γ": "gamma", "ω": "omega", "µ": "u", "μ": "u", "−": "-", "₂": "2"})
_CATION = re.compile(r"[\s_]*(?:\(?(\d?)\+(\d?)\)?|_plus_*(\d?))$")
_ANION = re.compile(r"(?:\(\d?-\d?\)|(?<=[A-Za-z0-9])-|(?<=\d)-\d)$")
_ESCAPED = re.compile(r"_(?:LPAREN|RPAREN|LSQBKT|RSQBKT|DASH)_", re.IGNORECASE)
_BORDER = r"e|e0|C_e|ext|extracellular|extracellular[ _]space|Extra_organism|medium"
_NUMBERED = re.compile(r"^(MAM\d{5}|m\d{5})[a-z]$")


def fold_name(text: str) -> str:
    """Return the key of a name: without case and punctuation, acids as their salts, the charge of a cation kept.

    >>> fold_name("L-Lactic acid"), fold_name("NH4(+)"), fold_name("Co2+"), fold_name("CO2"), fold_name("Cl-")
    ('llactate', 'nh4plus', 'co2plus', 'co2', 'cl')
    """
    text = _ANION.sub("", _CATION.sub(lambda m: f"{m[1] or m[2] or m[3] or ''}plus", text.strip().translate(_GREEK)))
    return re.sub(r"icacid$", "ate", re.sub(r"[^a-z0-9]", "", text.lower()))


def fold_id(text: str) -> str:
    """Return the key of an identifier: without punctuation and its escapes; case counts.

    >>> fold_id("glc__D"), fold_id("glc_DASH_D"), fold_id("EX_glc_LPAREN_e_RPAREN_"), fold_id("CARBON-DIOXIDE")
    ('glcD', 'glcD', 'EXglce', 'CARBONDIOXIDE')
    """
    return re.sub(r"[^A-Za-z0-9]", "", _ESCAPED.sub("", text))


def without_border(text: str, compartment: str = "") -> str:
    """Cut the compartment outside the cell from the end of an id or a name.

    Args:
        text: An id or a name.
        compartment: The compartment that the network gives, where it is another one.

    >>> without_border("D-Glucose-e0"), without_border("glc_D[e]"), without_border("D-glucose [extracellular]")
    ('D-Glucose', 'glc_D', 'D-glucose')
    """
    places = _BORDER + (f"|{re.escape(compartment)}" if compartment[:1].isalpha() else "")
    cut = re.sub(rf"(?:[\s_-]+(?:{places})|[\s_]*[\[(](?:{places})[\])])[\s_]*$", "", text)
    return _NUMBERED.sub(r"\1", cut) or text
