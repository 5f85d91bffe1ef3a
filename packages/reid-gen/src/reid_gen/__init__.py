"""Person image generation and purifying for person re-identification."""

__all__ = ["__version__"]
__version__ = "0.1.0"
