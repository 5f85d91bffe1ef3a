"""TransReID: cameras, overlapping patches, shuffled groups."""

from pathlib import Path

import pytest
import timm
import torch

from reid_core.models import create_model
from reid_core.models.kinds.jigsaw import jigsaw
from reid_core.models.kinds.sides import SideEmbedding

SIZE = (64, 32)


def build(**options: object) -> torch.nn.Module:
    torch.manual_seed(0)
    return create_model("test_vit", kind="transreid", image_size=SIZE, options=options).eval()


def test_the_whole_is_the_class_token_of_the_published_network(tmp_path: Path) -> None:
    published = timm.create_model("test_vit", img_size=SIZE).eval()
    torch.save(published.state_dict(), tmp_path / "vit.pth")
    model = create_model(
        "test_vit", kind="transreid", image_size=SIZE, weights=tmp_path / "vit.pth"
    ).eval()
    images = torch.randn(2, 3, *SIZE)
    tokens = published.forward_features(images)
    output = model(images)
    torch.testing.assert_close(output.branches[0].feature, tokens[:, 0])
    torch.testing.assert_close(output.feature_map.flatten(2).mT, tokens[:, 1:])


def test_five_branches_make_the_embedding() -> None:
    model = build()
    output = model(torch.randn(2, 3, *SIZE))
    assert [branch.is_part for branch in output.branches] == [False, True, True, True, True]
    parts = [branch.embedding / 4 for branch in output.branches[1:]]
    expected = torch.cat([output.branches[0].embedding, *parts], dim=1)
    torch.testing.assert_close(output.embedding, expected)
    assert build(jigsaw_groups=0)(torch.randn(1, 3, *SIZE)).branches == ()


def test_a_shuffled_sequence_keeps_every_patch() -> None:
    patches = torch.arange(24.0).view(1, 24, 1)
    groups = jigsaw(patches, groups=4, shift=5)
    assert [group.shape[1] for group in groups] == [6, 6, 6, 6]
    assert sorted(torch.cat(groups, dim=1).flatten().tolist()) == list(range(24))
    odd = jigsaw(torch.arange(9.0).view(1, 9, 1), groups=2, shift=1)
    assert set(torch.cat(odd, dim=1).flatten().tolist()) == set(range(9))
    with pytest.raises(ValueError, match="3 patches cannot make 4 groups"):
        jigsaw(torch.zeros(1, 3, 1), groups=4, shift=5)


def test_sides_are_looked_up_one_by_one() -> None:
    sides = SideEmbedding(3, cameras=4, views=2, weight=2.0)
    camids, viewids = torch.tensor([3, -1, 0]), torch.tensor([1, 0, -1])
    found = sides(3, camids, viewids)
    table = sides.table
    expected = [table[3, 1], table[:, 0].mean(dim=0), table[0].mean(dim=0)]
    torch.testing.assert_close(found, 2 * torch.stack(expected))
    torch.testing.assert_close(sides(1, None), 2 * table.mean(dim=(0, 1))[None])


def test_what_a_camera_adds_reaches_the_embedding() -> None:
    model = build(cameras=3)
    assert model.needs_cameras
    images = torch.randn(1, 3, *SIZE)
    first, second = (model(images, camids=torch.tensor([c])).embedding for c in (0, 2))
    unknown = model(images, camids=torch.tensor([-1])).embedding
    assert not torch.allclose(first, second)
    torch.testing.assert_close(unknown, model(images).embedding)
    with pytest.raises(ValueError, match="camid 3 came, but the model was built for 3; set"):
        model(images, camids=torch.tensor([3]))
    assert not build().needs_cameras


def test_overlapping_patches_have_a_finer_grid() -> None:
    output = build(patch_stride=12)(torch.randn(1, 3, *SIZE))
    assert output.feature_map.shape[2:] == ((64 - 16) // 12 + 1, (32 - 16) // 12 + 1)
    with pytest.raises(ValueError, match="patch_stride must be at most the 16 pixels"):
        build(patch_stride=20)


def test_a_cnn_is_refused() -> None:
    with pytest.raises(ValueError, match=r"needs a ViT with a class token.*choose timm:vit_base"):
        create_model("test_resnet", kind="transreid", image_size=SIZE)
