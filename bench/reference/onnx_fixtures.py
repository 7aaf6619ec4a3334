"""What onnxruntime says of our ONNX files: python bench/reference/onnx_fixtures.py CASES FIXTURES.

CASES is the folder that `npx tsx bench/onnx-cases.ts CASES` wrote. Each case becomes a fixture: our model, the SHA-256 of
its ONNX file, rows, and onnxruntime's labels and probabilities or values. Asked with one thread and with four, all rows
at once and one by one: where the answers are not the same, the script says so.
"""

import base64
import hashlib
import json
import pathlib
import sys

import numpy as np
import onnxruntime

cases, fixtures = (pathlib.Path(path) for path in sys.argv[1:3])
fixtures.mkdir(parents=True, exist_ok=True)


def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def sessions(path):
    for threads in (1, 4):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        yield threads, onnxruntime.InferenceSession(str(path), options)


for path in sorted(cases.glob("*.onnx")):
    case = json.loads(path.with_suffix(".json").read_text())
    rows = np.stack([np.frombuffer(base64.b64decode(c), "<f4") for c in case["columns"]], axis=1)
    answers = {}
    for threads, session in sessions(path):
        answers[f"{threads} threads, all at once"] = session.run(None, {"X": rows})
        one_by_one = [session.run(None, {"X": rows[i : i + 1]}) for i in range(len(rows))]
        answers[f"{threads} threads, one by one"] = [np.concatenate(parts) for parts in zip(*one_by_one)]
    first, *others = answers.items()
    first = first[1]
    for way, other in others:
        for name, a, b in zip([output.name for output in session.get_outputs()], first, other):
            if not np.array_equal(a, b):
                print(f"{path.stem}: {name} differs, {way}, in {np.sum(a != b)} of {a.size}")
    out = {
        "onnxruntime": onnxruntime.__version__,
        "onnxSha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "onnxBytes": path.stat().st_size,
        **case,
    }
    if len(first) == 2:
        labels, probabilities = first
        out |= {"labels": labels.tolist(), "probabilities": text(probabilities)}
    else:
        out |= {"values": text(first[0])}
    (fixtures / f"{path.stem}.json").write_text(json.dumps(out) + "\n")
    print(f"{path.stem}: {len(rows)} rows, {path.stat().st_size} bytes")
