"""Graph networks on metabolic models that obey the laws of matter.

The stages, in order: a `network`, its fluxes by linear programming (`fba`), the network as a `graph`, `datasets` of
media and labels, `nn` layers, `losses`, `models`, `training`, and `FluxPredictor` over all of them. Names load on
first use, so that importing the package costs nothing.
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ += ["__version__"]
