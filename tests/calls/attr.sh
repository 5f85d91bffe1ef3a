# Every verb of reid-attr, in an order in which one writes what the next reads.
reid-data synth --out people --layout upar --identities 8 --test-identities 3 --cameras 2 --images-per-camera 2 --height 32 --width 16 --workers 0
reid-data synth --out street --layout video --identities 1 --test-identities 1 --cameras 2 --tracklet-length 8 --height 64 --width 32 --workers 0
reid-attr train --data upar --root people --recipe small --set data.image_size=[64,32] --set data.batch_size=8 --set model.name=test_convnext --set schedule.epochs=1 --set schedule.warmup_epochs=0 --set precision=fp32 --out run --device cpu --workers 0
reid-attr test --model run --data upar --root people --part all --device cpu --out tested
reid-attr predict people/Market1501 --model run --out attributes.csv --device cpu
reid-attr retrieve female people/Market1501 --model run --out answers.csv --device cpu
reid-attr export --model run --format onnx --out run.onnx
reid-attr video street/camera1.mp4 --model run --detector boxes --detector-file street/camera1.csv --stride 4 --out seen.mp4 --device cpu
