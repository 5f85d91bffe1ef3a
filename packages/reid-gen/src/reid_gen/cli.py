"""The console script ``reid-gen``."""

from reid_data.console import application, run

__all__ = ["main"]

_HELP = """Person image generation and purifying for person re-identification.

This first release reserves the grammar; no verb runs yet. What the script will do:

\b
  train-gan  train the pose-guided generator
  generate   people in new poses and new clothes
  score      SSIM and FID of generated images
  graph      the neighbour graph of generated and real embeddings
  train-gcn  train the graph network that purifies generated images
  test-gcn   how well it separates good from bad
  purify     keep the generated images that look like their person
  augment    a data set of real plus purified images
"""

app = application(_HELP)


def main() -> None:
    """Entry point of the console script."""
    run(app)
