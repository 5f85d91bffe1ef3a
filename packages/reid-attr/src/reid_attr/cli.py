"""The console script ``reid-attr``."""

from reid_data.console import application, run

__all__ = ["main"]

_HELP = """Pedestrian attribute recognition for person re-identification.

This first release reserves the grammar; no verb runs yet. What the script will do:

\b
  train      train C2T-Net or a plain backbone on an attribute data set
  test       mA, accuracy, precision, recall and F1 by attribute
  predict    attributes of images, as CSV
  retrieve   people by a description of their attributes
  video      attributes of the people in a video
  export     a trained model as ONNX or OpenVINO
"""

app = application(_HELP)


def main() -> None:
    """Entry point of the console script."""
    run(app)
