# The verbs of reid-core, in an order in which one writes what the next reads.
reid-data synth --out people --identities 6 --test-identities 2 --cameras 2 --images-per-camera 2 --distractors 0 --height 32 --width 16 --workers 0
reid-core models --filter resnet50
reid-core recipes
reid-core recipes baseline
reid-core train --data market1501 --root people --recipe tiny.yaml --out run --device cpu --workers 0
reid-core finetune --data market1501 --root people --recipe tiny.yaml --init-from run --out tuned --device cpu --workers 0
reid-core tune --data market1501 --root people --recipe tiny.yaml --search optimizer.lr=1e-4:1e-2 --trials 1 --out trials --device cpu --workers 0
reid-core export --model run --format onnx --out run.onnx
reid-core visualize --model run --images people/query --kind gradcam --out looks.png --device cpu
reid-core card run --licence cc-by-4.0
reid-core push run lab/run
reid-core import stranger --out imported
