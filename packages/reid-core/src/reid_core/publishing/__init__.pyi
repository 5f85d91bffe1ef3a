from .cards import read_figures, refresh_card
from .hub import Pushed, push_model

__all__ = ["Pushed", "push_model", "read_figures", "refresh_card"]
