# Every verb of reid-eval, in an order in which one writes what the next reads.
reid-data synth --out people --annotations --transitions --identities 4 --test-identities 4 --cameras 2 --images-per-camera 3 --distractors 0 --height 64 --width 32 --workers 0
reid-data poses --data market1501 --root people --poses people/keypoints.csv --out poses --clusters 2
reid-eval embed --model looks:colours --images people/query --out queries --device cpu --workers 0
reid-eval embed --model looks:colours --images people/bounding_box_test --out crops --device cpu --workers 0
reid-eval test --model looks:colours --data market1501 --root people --out report --device cpu --workers 0
reid-eval search --query report/query --gallery report/gallery --out answers.parquet
reid-eval identify --query report/query --gallery report/gallery --out identified.csv
reid-eval rerank --query report/query --gallery report/gallery --out reranked.parquet --device cpu
reid-eval fit-st --data market1501 --root people --out transitions.npz
reid-eval compare report report --out compared
reid-eval plot cmc --query report/query --gallery report/gallery --out curve.png
reid-eval pose-distances --query report/query --gallery report/gallery --poses poses/poses_test.csv --column R_LA_2 --out distances.png
reid-eval gallery create store --dimension 48
reid-eval gallery add store people/bounding_box_test --model looks:colours --device cpu --workers 0
reid-eval gallery search store people/query --model looks:colours --device cpu --workers 0 --out hits.parquet
reid-eval gallery info store
reid-eval gallery add crowd crowd_embeddings
reid-eval gallery index crowd
reid-eval gallery delete store --pid 5
reid-eval gallery expire store --before 0
reid-eval gallery compact store
reid-eval gallery export store --out exported
