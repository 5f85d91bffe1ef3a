import numpy as np
import pytest

from reid_gen.purifying import CrossFit, cross_fit
from reid_gen.purifying.folds import parse_fold


def test_nobody_is_judged_by_what_saw_them() -> None:
    pids = np.repeat(np.arange(-1, 20), 3)
    turns = cross_fit(pids, count=4, seed=3)
    for turn in turns:
        sets = [set(part.tolist()) for part in (turn.target, turn.gcn, turn.extractor)]
        assert sum(len(part) for part in sets) == len(set.union(*sets))
        assert set.union(*sets) == set(range(20))
    assert sorted(pid for turn in turns for pid in turn.target.tolist()) == list(range(20))


def test_overlaps_and_too_few_folds_are_refused() -> None:
    with pytest.raises(ValueError, match="3 folds"):
        cross_fit([1, 2, 3], count=2)
    with pytest.raises(ValueError, match="overlap"):
        CrossFit(np.array([1]), np.array([1]), np.array([2]))
    for text in ("0/3", "4/3", "3", "a/b"):
        with pytest.raises(ValueError, match="written like 1/3"):
            parse_fold(text)
