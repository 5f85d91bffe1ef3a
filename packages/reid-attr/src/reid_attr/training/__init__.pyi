from .division import Division, divide
from .fit import train_attributes
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
    "divide",
    "list_recipes",
    "load_images",
    "load_recipe",
    "train_attributes",
]
