"""Training: recipes, loss terms, and the one loop behind them (extra `train`).

Recipes and terms need no Lightning; what trains does, and is imported on first use.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
