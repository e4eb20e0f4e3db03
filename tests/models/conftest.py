"""The toy and its samples, for every test here."""

from tests.toy_samples import make_model as make_model
from tests.toy_samples import samples as samples
from tests.toy_samples import toy as toy
from tests.toy_samples import wrong as wrong
