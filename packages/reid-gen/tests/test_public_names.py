"""The ledger of public names: what is here may not vanish without a note in the changelog."""

import importlib

import pytest

NAMES = {
    "reid_gen.augmenting": """
        Arm GeneratedIdentityTerm GeneratedSets Mixing Tested arms_of compare_arms table_of_arms
        with_generated
    """,
    "reid_gen.generation": """
        AppearanceEncoder DrawRequest Engine GanRecipe PatchDiscriminator Plan PoseBank PoseCanvas
        PoseGenerator PosedImages build_pose_bank change_clothes discriminator_loss find_pairs
        generate generator_loss hide_parts list_recipes load_engine load_recipe named_pairs
        part_means parts_of plan_given_poses plan_pairs plan_poses pose_images swap_parts train_gan
    """,
    "reid_gen.purifying": """
        Case ClusteringScores CrossFit GcnTraining GraphFolder Hops Limits LinkGCN Links
        NeighbourGraph Subgraphs TrainedGCN build_graph cluster_graph clustering_scores corrupt
        cosine_links cross_fit edges_of embed_nodes judge link_labels link_loss list_corruptions
        list_rules load_gcn load_graph mean_aggregation nearest_neighbours pivot_subgraphs
        predict_links propagate_labels purify save_gcn save_graph train_gcn
    """,
    "reid_gen.scoring": """
        frechet_distance kernel_distance l1_distance masked_ssim pckh pose_masks psnr ssim_map
        structural_similarity
    """,
}


@pytest.mark.parametrize("module", NAMES)
def test_public_names_are_these_and_exist(module: str) -> None:
    package = importlib.import_module(module)
    assert sorted(package.__all__) == sorted(NAMES[module].split())
    # A submodule of the same name must not hide what is exported.
    assert all(callable(getattr(package, name)) for name in NAMES[module].split())
