from .averaging import Average
from .finite import DivergedError
from .fit import train
from .low_resolution import LowResolution
from .module import ReidModule
from .parameters import Freeze, Group
from .passing import run_model
from .progress import TrainingProgress
from .recipe import Recipe
from .recipe_files import load_recipe, parse_recipe
from .recipe_texts import list_recipes
from .run_folder import RunFolder, TrainingResult
from .runs import train_runs
from .schedule import learning_rate_factor
from .sidecars import Sidecars
from .split import TrainingData, carve
from .stopwatch import Stopwatch
from .terms import CenterTerm, CrossEntropyTerm, Term, TripletTerm, list_terms, term_registry
from .trainer import build_trainer, training_environment
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
