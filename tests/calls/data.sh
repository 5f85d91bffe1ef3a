# Every verb of reid-data, in an order in which one writes what the next reads.
reid-data synth --out people --annotations --identities 3 --test-identities 2 --cameras 2 --images-per-camera 2 --distractors 1 --workers 0
reid-data list
reid-data info --data market1501 --root people
reid-data check --data market1501 --root people --no-counts --workers 0
reid-data manifest --data market1501 --root people --out manifest.csv
reid-data lowres --data market1501 --root people --out smaller --workers 0
reid-data degrade --data market1501 --root people --out worse --workers 0
reid-data synth --out dressed --layout ltcc --annotations --identities 2 --test-identities 2 --cameras 2 --images-per-camera 2 --workers 0
reid-data masks --parsings dressed/parsing --out dressed/masks --workers 0
reid-data recolour --data ltcc --root dressed --masks dressed/masks --out recoloured --workers 0
reid-data poses --data market1501 --root people --poses people/keypoints.csv --out poses --clusters 2
reid-data heatmaps --data market1501 --root people --poses people/keypoints.csv --out heatmaps --device cpu
reid-data pairs --data market1501 --root people --poses people/keypoints.csv --out pairs.csv
reid-data sizes --data market1501 --root people --out sizes.csv --workers 0
reid-data genders --data market1501 --root people --table people/genders.csv --out genders.csv
reid-data audit --data market1501 --root people --out audit --workers 0
reid-data synth --out release --layout cuhk03:release=true --identities 3 --test-identities 2 --workers 0
reid-data unpack --root release --out unpacked --workers 0
reid-data synth --out dancers --layout dancetrack --identities 1 --test-identities 1 --cameras 2 --tracklet-length 5 --workers 0
reid-data crops --root dancers --out crops --workers 0
