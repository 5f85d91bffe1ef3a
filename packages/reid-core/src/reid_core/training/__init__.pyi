from .data.clusterers import clusterer_registry
from .data.low_resolution import LowResolution
from .data.sidecars import Sidecars
from .data.split import TrainingData, carve
from .fit import train
from .folder.run_folder import RunFolder, TrainingResult
from .loop.averaging import Average
from .loop.finite import DivergedError
from .loop.module import ReidModule
from .loop.parameters import Freeze, Group
from .loop.passing import run_model
from .loop.progress import TrainingProgress
from .loop.schedule import learning_rate_factor
from .loop.stopwatch import Stopwatch
from .loop.trainer import build_trainer, training_environment
from .recipes.files import load_recipe, parse_recipe
from .recipes.recipe import Recipe
from .recipes.texts import list_recipes
from .runs import train_runs
from .terms import CenterTerm, CrossEntropyTerm, Term, TripletTerm, list_terms, term_registry
from .warm_starting import WarmStart, warm_start

__all__ = [
    "Average",
    "CenterTerm",
    "CrossEntropyTerm",
    "DivergedError",
    "Freeze",
    "Group",
    "LowResolution",
    "Recipe",
    "ReidModule",
    "RunFolder",
    "Sidecars",
    "Stopwatch",
    "Term",
    "TrainingData",
    "TrainingProgress",
    "TrainingResult",
    "TripletTerm",
    "WarmStart",
    "build_trainer",
    "carve",
    "clusterer_registry",
    "learning_rate_factor",
    "list_recipes",
    "list_terms",
    "load_recipe",
    "parse_recipe",
    "run_model",
    "term_registry",
    "train",
    "train_runs",
    "training_environment",
    "warm_start",
]
