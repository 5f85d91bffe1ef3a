from .fit import train
from .module import ReidModule
from .progress import TrainingProgress
from .recipe import Recipe
from .recipe_files import load_recipe, parse_recipe
from .recipe_texts import list_recipes
from .run_folder import RunFolder, TrainingResult
from .schedule import learning_rate_factor
from .split import TrainingData, carve
from .stopwatch import Stopwatch
from .terms import CenterTerm, CrossEntropyTerm, Term, TripletTerm, list_terms, term_registry
from .trainer import build_trainer, training_environment

__all__ = [
    "CenterTerm",
    "CrossEntropyTerm",
    "Recipe",
    "ReidModule",
    "RunFolder",
    "Stopwatch",
    "Term",
    "TrainingData",
    "TrainingProgress",
    "TrainingResult",
    "TripletTerm",
    "build_trainer",
    "carve",
    "learning_rate_factor",
    "list_recipes",
    "list_terms",
    "load_recipe",
    "parse_recipe",
    "term_registry",
    "train",
    "training_environment",
]
