"""Names of attributes as their data sets have them, and what they mean in the words of `looks_of`.

An empty meaning is something that is never drawn here; None is something that cannot be told.
"""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["NATIVE", "PA100K", "PETA", "PETA_JUDGED", "RAP_V1", "RAP_V2", "RAP_V2_JUDGED"]

Meanings = dict[str, str | None]


def _never(prefix: str, names: str) -> Meanings:
    return {prefix + name: "" for name in names.split()}


def _colours(pattern: str, part: str, colours: Sequence[str]) -> Meanings:
    words = {colour: colour.lower().replace("gray", "grey") for colour in colours}
    return {pattern.format(colour): f"{part}-{word}" for colour, word in words.items()}


PA100K: Meanings = {
    "Female": "female",
    "AgeOver60": "old",
    "Age18-60": "adult",
    "AgeLess18": "young",
    "Front": None,
    "Side": None,
    "Back": None,
    "Hat": "hat",
    "Glasses": "any-glasses",
    "HandBag": "hand-bag",
    "ShoulderBag": "shoulder-bag",
    "Backpack": "backpack",
    "HoldObjectsInFront": "",
    "ShortSleeve": "short-sleeves",
    "LongSleeve": "long-sleeves",
    "UpperStride": "upper-stripes",
    "UpperLogo": "upper-print",
    "UpperPlaid": "upper-check",
    "UpperSplice": "upper-two-tone",
    "LowerStripe": "lower-stripe",
    "LowerPattern": "lower-check",
    "LongCoat": "coat",
    "Trousers": "trousers",
    "Shorts": "shorts",
    "Skirt&Dress": "skirt",
    "boots": "boots",
}
"""The 26 of PA-100K."""

_PETA_COLOURS = (
    *("Black", "Blue", "Brown", "Green", "Grey", "Orange", "Pink", "Purple", "Red"),
    *("White", "Yellow"),
)

PETA_JUDGED = 35
"""How many of PETA's are judged; they come first here."""

PETA: Meanings = {
    "accessoryHat": "hat",
    "accessoryMuffler": "",
    "accessoryNothing": "nothing-on-head",
    "accessorySunglasses": "sunglasses",
    "hairLong": "hair-long",
    **_never("upperBody", "Casual Formal"),
    "upperBodyJacket": "coat-or-jacket",
    "upperBodyLogo": "upper-print",
    "upperBodyPlaid": "upper-check",
    "upperBodyShortSleeve": "short-sleeves",
    "upperBodyThinStripes": "upper-stripes",
    "upperBodyTshirt": "tshirt",
    "upperBodyOther": "sweater",
    **_never("upperBody", "VNeck"),
    **_never("lowerBody", "Casual Formal Jeans"),
    "lowerBodyShorts": "shorts",
    "lowerBodyShortSkirt": "short-skirt",
    "lowerBodyTrousers": "trousers",
    **_never("footwear", "LeatherShoes Sandals"),
    "footwearShoes": "no-boots",
    **_never("footwear", "Sneaker"),
    "carryingBackpack": "backpack",
    "carryingOther": "hand-bag",
    "carryingMessengerBag": "shoulder-bag",
    "carryingNothing": "carrying-nothing",
    **_never("carrying", "PlasticBags"),
    "personalLess30": "young",
    "personalLess45": "adult",
    "personalLess60": "",
    "personalLarger60": "old",
    "personalMale": "male",
    **_colours("upperBody{}", "upper", _PETA_COLOURS),
    **_colours("lowerBody{}", "lower", _PETA_COLOURS),
    **{f"{part}{colour}": None for part in ("hair", "footwear") for colour in _PETA_COLOURS},
}
"""PETA's judged 35 and its 44 colours; the original's 105 have others that nobody judges."""

_RAP_COLOURS = (
    *("Black", "White", "Gray", "Red", "Green", "Blue", "Yellow", "Brown", "Purple", "Pink"),
    "Orange",
)

RAP_V1: Meanings = {
    "Female": "female",
    "AgeLess16": "",
    "Age17-30": "young",
    "Age31-45": "adult",
    **dict.fromkeys(("BodyFat", "BodyNormal", "BodyThin")),
    **_never("", "Customer Clerk"),
    "BaldHead": "bald",
    "LongHair": "hair-long",
    "BlackHair": "hair-black",
    "Hat": "hat",
    "Glasses": "any-glasses",
    **_never("", "Muffler Shirt"),
    "Sweater": "sweater",
    "Vest": "sleeveless",
    "TShirt": "tshirt",
    "Cotton": "coat",
    "Jacket": "jacket",
    **_never("", "Suit-Up Tight"),
    "ShortSleeve": "short-sleeves",
    "LongTrousers": "trousers",
    "Skirt": "long-skirt",
    "ShortSkirt": "short-skirt",
    **_never("", "Dress Jeans TightTrousers LeatherShoes SportShoes"),
    "Boots": "boots",
    **_never("", "ClothShoes"),
    "CasualShoes": "no-boots",
    "Backpack": "backpack",
    "SSBag": "shoulder-bag",
    "HandBag": "hand-bag",
    **_never("", "Box PlasticBag PaperBag HandTrunk OtherAttchment Calling Talking Gathering"),
    **_never("", "Holding Pusing Pulling CarryingbyArm CarryingbyHand"),
    **_colours("up-{}", "upper", _RAP_COLOURS),
    **_colours("low-{}", "lower", _RAP_COLOURS),
}
"""RAP's first version: the 51 judged and 22 colours (the original goes on to 92)."""

RAP_V2_JUDGED = 54
"""How many of RAP's second version are judged; they come first here."""

RAP_V2: Meanings = {
    "hs-BaldHead": "bald",
    "hs-LongHair": "hair-long",
    "hs-BlackHair": "hair-black",
    "hs-Hat": "hat",
    "hs-Glasses": "any-glasses",
    **_never("ub-", "Shirt"),
    "ub-Sweater": "sweater",
    "ub-Vest": "sleeveless",
    "ub-TShirt": "tshirt",
    "ub-Cotton": "coat",
    "ub-Jacket": "jacket",
    **_never("ub-", "SuitUp Tight"),
    "ub-ShortSleeve": "short-sleeves",
    **_never("ub-", "Others"),
    "lb-LongTrousers": "trousers",
    "lb-Skirt": "long-skirt",
    "lb-ShortSkirt": "short-skirt",
    **_never("lb-", "Dress Jeans TightTrousers"),
    **_never("shoes-", "Leather Sports"),
    "shoes-Boots": "boots",
    **_never("shoes-", "Cloth"),
    "shoes-Casual": "no-boots",
    **_never("shoes-", "Other"),
    "attachment-Backpack": "backpack",
    "attachment-ShoulderBag": "shoulder-bag",
    "attachment-HandBag": "hand-bag",
    **_never("attachment-", "Box PlasticBag PaperBag HandTrunk Other"),
    "AgeLess16": "",
    "Age17-30": "young",
    "Age31-45": "adult",
    "Age46-60": "old",
    "Femal": "female",
    **dict.fromkeys(("BodyFat", "BodyNormal", "BodyThin")),
    **_never("", "Customer Employee"),
    **_never("action-", "Calling Talking Gathering Holding Pushing Pulling CarryingByArm"),
    **_never("action-", "CarryingByHand Other"),
    **_colours("ub-Color{}", "upper", _RAP_COLOURS),
    **_colours("lb-Color{}", "lower", _RAP_COLOURS),
}
"""RAP's second version: the 54 judged and 22 colours (the original goes on to 152)."""

_NATIVE_COLOURS = (
    *("black", "blue", "brown", "green", "grey", "orange", "pink", "purple", "red", "white"),
    "yellow",
)

NATIVE = (
    *("Age_young", "Age_adult", "Age_old", "Gender_female", "Hair_short", "Hair_long"),
    *("Hair_bald", "Upper_short", *(f"U_{colour}" for colour in _NATIVE_COLOURS)),
    *("////U_Others////", *(f"L_{colour}" for colour in _NATIVE_COLOURS), "////L_Others////"),
    *("Backpack", "Bag", "Glasses", "Sunglasses", "Hat"),
)
"""The 37 columns of NATIVE that UPAR has too, in UPAR's order, without its three others."""
