"""Pictures for papers and for looking: matplotlib figures, and one interactive page.

A figure is returned, never shown or written; ``figure.savefig("cmc.pdf")`` does that. The extra
``plots`` brings what is needed.
"""

from reid_eval.plots.cameras import plot_camera_pairs
from reid_eval.plots.cmc import plot_cmc
from reid_eval.plots.lists import plot_ranked_lists
from reid_eval.plots.poses import plot_pose_distances
from reid_eval.plots.projection import project, write_projection
from reid_eval.plots.regions import match_regions, plot_match_regions
from reid_eval.plots.scores import plot_score_distributions

__all__ = [
    "match_regions",
    "plot_camera_pairs",
    "plot_cmc",
    "plot_match_regions",
    "plot_pose_distances",
    "plot_ranked_lists",
    "plot_score_distributions",
    "project",
    "write_projection",
]
