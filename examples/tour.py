"""A tour in cells: open it in an editor that knows ``# %%``, or run it from top to bottom."""

# %% People to work with, in the layout of Market-1501
import tempfile
from pathlib import Path

from reid_data import load_dataset, synthesize

folder = Path(tempfile.mkdtemp())
synthesize(folder / "people", identities=24, test_identities=12, height=64, width=32)
people = load_dataset("market1501", folder / "people")
print(people.table.groupby("split")[["pid", "camid"]].nunique())

# %% A recipe, changed in two places
from reid_core.training import load_recipe, train  # noqa: E402

recipe = load_recipe("small", ["schedule.epochs=3", "data.image_size=[64,32]"])
train(recipe, people, out=folder / "run", device="cpu", workers=0)

# %% Whom does it find, of people that it never saw?
from reid_eval import embed, evaluate, load_embedder, search  # noqa: E402

model = load_embedder(str(folder / "run"), device="cpu")
query = embed(model, people.split("query"), workers=0)
gallery = embed(model, people.split("gallery", "distractor"), workers=0)
report = evaluate(query, gallery)
for line in report.summary()[:4]:
    print(line)

# %% The same, re-ranked by k-reciprocal neighbours
from reid_eval import Scoring, evaluate_protocol, make_protocol, parse_reranking  # noqa: E402

scoring = Scoring(reranking=parse_reranking("k-reciprocal"))
again = evaluate_protocol(query, gallery, make_protocol("image"), scoring=scoring)
print(f"mAP {report.mAP:.1%}, re-ranked {again.report.mAP:.1%}")

# %% The answers as a table
print(search(query, gallery, top_k=3).to_frame().head())
