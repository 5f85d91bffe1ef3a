"""Loss terms: what a method adds to the training loop.

A term looks at one model output and one batch and returns one number. It owns what only training
needs: classifier heads, class centers, an optimiser of its own. A new method is a new term or a
recipe that combines terms, never another loop.
"""

from reid_core.training.terms.centers import CenterTerm, OsmCaaTerm
from reid_core.training.terms.clothes import ClothesAdversarialTerm, ClothesTerm
from reid_core.training.terms.coarse import CoarseTerm, GenderTerm, PoseTerm
from reid_core.training.terms.decorrelation import DecorrelationTerm
from reid_core.training.terms.distillation import DistillLogitsTerm, DistillTerm
from reid_core.training.terms.identity import BranchConsistencyTerm, CrossEntropyTerm
from reid_core.training.terms.margins import (
    ArcFaceTerm,
    CircleSoftmaxTerm,
    CosFaceTerm,
    CosineSoftmaxTerm,
    SubCenterTerm,
)
from reid_core.training.terms.memory import ClusterMemoryTerm
from reid_core.training.terms.mutual import AgreementTerm
from reid_core.training.terms.octuplet import OctupletTerm
from reid_core.training.terms.pair_term import PairTerm
from reid_core.training.terms.pairs import (
    CircleTerm,
    ContrastiveTerm,
    MultiSimilarityTerm,
    SmoothAPTerm,
    SupervisedContrastiveTerm,
    VarianceTerm,
)
from reid_core.training.terms.target import Target
from reid_core.training.terms.teacher import Teacher
from reid_core.training.terms.term import (
    FromLoop,
    Layer,
    Part,
    Term,
    list_terms,
    term_registry,
)
from reid_core.training.terms.triplets import (
    AllTripletsTerm,
    CentroidTripletTerm,
    TripletTerm,
    WeightedTripletTerm,
)
from reid_core.training.terms.twins import (
    TeachTwinsTerm,
    TwinAgreementTerm,
    TwinFeaturesTerm,
)

__all__ = [
    "AgreementTerm",
    "AllTripletsTerm",
    "ArcFaceTerm",
    "BranchConsistencyTerm",
    "CenterTerm",
    "CentroidTripletTerm",
    "CircleSoftmaxTerm",
    "CircleTerm",
    "ClothesAdversarialTerm",
    "ClothesTerm",
    "ClusterMemoryTerm",
    "CoarseTerm",
    "ContrastiveTerm",
    "CosFaceTerm",
    "CosineSoftmaxTerm",
    "CrossEntropyTerm",
    "DecorrelationTerm",
    "DistillLogitsTerm",
    "DistillTerm",
    "FromLoop",
    "GenderTerm",
    "Layer",
    "MultiSimilarityTerm",
    "OctupletTerm",
    "OsmCaaTerm",
    "PairTerm",
    "Part",
    "PoseTerm",
    "SmoothAPTerm",
    "SubCenterTerm",
    "SupervisedContrastiveTerm",
    "Target",
    "TeachTwinsTerm",
    "Teacher",
    "Term",
    "TripletTerm",
    "TwinAgreementTerm",
    "TwinFeaturesTerm",
    "VarianceTerm",
    "WeightedTripletTerm",
    "list_terms",
    "term_registry",
]
