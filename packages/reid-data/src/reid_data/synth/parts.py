"""The parts of a drawing by name, with the class that human-parsing data sets give them."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Part"]


class Part(IntEnum):
    """The 20 classes of the LIP parsing data set; a drawn part paints its own number."""

    BACKGROUND = 0
    HAT = 1
    HAIR = 2
    GLOVE = 3
    SUNGLASSES = 4
    UPPER_CLOTHES = 5
    DRESS = 6
    COAT = 7
    SOCKS = 8
    TROUSERS = 9
    JUMPSUIT = 10
    SCARF = 11
    SKIRT = 12
    FACE = 13
    LEFT_ARM = 14
    RIGHT_ARM = 15
    LEFT_LEG = 16
    RIGHT_LEG = 17
    LEFT_SHOE = 18
    RIGHT_SHOE = 19
