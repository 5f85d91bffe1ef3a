from .division import Division, divide, read_division
from .fit import build_attribute_model, train_attributes
from .images import AttributeImages, load_images
from .module import AttributeModule
from .recipe import AttributeRecipe, list_recipes, load_recipe
from .run import AttributeRun, AttributeTraining

__all__ = [
    "AttributeImages",
    "AttributeModule",
    "AttributeRecipe",
    "AttributeRun",
    "AttributeTraining",
    "Division",
    "build_attribute_model",
    "divide",
    "list_recipes",
    "load_images",
    "load_recipe",
    "read_division",
    "train_attributes",
]
