"""Descriptions in words, and how well images fit them."""

import numpy as np
import pytest

from reid_attr import load_schema
from reid_attr.description import description_distances, parse_description

UPAR = load_schema("upar")


def wanted(text: str) -> dict[str, int]:
    values = parse_description(text, UPAR).values
    return {UPAR.names[at]: int(values[at]) for at in np.flatnonzero(values >= 0)}


def test_terms_in_words_and_by_name() -> None:
    assert wanted("female, backpack, upper red, not hat") == {
        "Gender-Female": 1,
        "UpperBody-Color-Red": 1,
        "Accessory-Backpack": 1,
        "Accessory-Hat": 0,
    }
    assert wanted("Male, LowerBody-Color-Blue") == {"Gender-Female": 0, "LowerBody-Color-Blue": 1}
    assert wanted("not male") == {"Gender-Female": 1}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("red", "could be UpperBody-Color-Red, LowerBody-Color-Red"),
        ("bakpack", "did you mean Accessory-Backpack"),
        ("female, male", "contradicts itself about Gender-Female"),
        (" , ", "empty"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_description(text, UPAR)


def test_distances_are_means_over_what_matters() -> None:
    probabilities = np.array([[0.9, 0.2, 0.5], [0.1, 0.7, 0.5]])
    descriptions = np.array([[1, 0, -1], [-1, 1, -1]])
    expected = [[(0.1 + 0.2) / 2, (0.9 + 0.7) / 2], [0.8, 0.3]]
    assert np.allclose(description_distances(probabilities, descriptions), expected)
    with pytest.raises(ValueError, match="description 1 says nothing"):
        description_distances(probabilities, [[1, 0, 0], [-1, -1, -1]])
    with pytest.raises(ValueError, match="expected probabilities"):
        description_distances(probabilities, [[1, 0]])


def test_other_distances_are_what_they_say() -> None:
    probabilities, wanted = np.array([[0.9, 0.2]]), [[1, 0]]
    euclidean = description_distances(probabilities, wanted, distance="euclidean")
    assert euclidean[0, 0] == pytest.approx(np.sqrt((0.1**2 + 0.2**2) / 2))
    likelihood = description_distances(probabilities, wanted, distance="likelihood")
    assert likelihood[0, 0] == pytest.approx(-(np.log(0.9) + np.log(0.8)) / 2)
    assert np.isfinite(description_distances([[0.0]], [[1]], distance="likelihood")).all()
    with pytest.raises(ValueError, match="absolute, euclidean, likelihood"):
        description_distances(probabilities, wanted, distance="cosine")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="1, 0 and -1"):
        description_distances(probabilities, [[2, 0]])
