# Every verb of reid-gen, in an order in which one writes what the next reads.
reid-data synth --out people --annotations --identities 8 --test-identities 2 --cameras 2 --images-per-camera 2 --distractors 0 --height 32 --width 16 --workers 0
reid-gen train-gan --data market1501 --root people --recipe tiny_gan.yaml --out gan --device cpu
reid-gen generate --checkpoint gan --data market1501 --root people --out drawn --per-image 1 --clusters 2 --device cpu
reid-gen score drawn people/bounding_box_train --model looks:colours --device cpu
reid-gen graph --data market1501 --root people --generated drawn --model looks:colours --neighbours 8 --out graph --device cpu
reid-gen train-gcn --graph graph --epochs 1 --near 6 --out links --device cpu
reid-gen test-gcn --graph graph --gcn links --device cpu
reid-gen purify --generated drawn --graph graph --gcn links --threshold 0 --margin -1 --out kept --device cpu
reid-gen augment --data market1501 --root people --generated drawn --purified kept --recipe tiny.yaml --seeds 1 --out arms --device cpu --workers 0
