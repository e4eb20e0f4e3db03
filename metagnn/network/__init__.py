"""Metabolic networks as arrays: stoichiometry, bounds, media, elements. No learning.

Names load on first use: reading a file needs no torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
