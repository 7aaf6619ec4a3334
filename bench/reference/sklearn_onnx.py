"""Forests of scikit-learn as ONNX files, to be read back: python bench/reference/sklearn_onnx.py FIXTURE.

skl2onnx is not needed: `onnx.helper` puts the operators together in its layout (float32 thresholds and weights, a class's
weight its fraction over the number of trees; of two classes either both or the second only). Each file is checked with
onnx.checker and run in onnxruntime. The fixture has the files, rows, and scikit-learn's own answers.
"""

import base64
import json
import pathlib
import sys

import numpy as np
import onnxruntime
import sklearn
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.ensemble import ExtraTreesClassifier, RandomForestClassifier, RandomForestRegressor

sys.path.append("/usr/lib/python3/dist-packages")  # last, for Debian's python3-onnx alone
import onnx  # noqa: E402
from onnx import TensorProto, helper  # noqa: E402



def text(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def round_down(value):
    rounded = np.float32(value)
    return rounded if rounded <= value else np.nextafter(rounded, np.float32(-np.inf))


NODE_LISTS = (
    "treeids",
    "nodeids",
    "featureids",
    "modes",
    "values",
    "truenodeids",
    "falsenodeids",
    "missing_value_tracks_true",
    "hitrates",
)


def value_info(name, element, *dims):
    return helper.make_tensor_value_info(name, element, list(dims))


def convert(forest, num_features, second_only=False):
    is_classifier = hasattr(forest, "classes_")
    lists = {name: [] for name in NODE_LISTS}
    leaves = {name: [] for name in ("ids", "nodeids", "treeids", "weights")}
    for t, estimator in enumerate(forest.estimators_):
        tree = estimator.tree_
        for node in range(tree.node_count):
            is_leaf = tree.children_left[node] < 0
            lists["treeids"].append(t)
            lists["nodeids"].append(node)
            lists["featureids"].append(0 if is_leaf else int(tree.feature[node]))
            lists["modes"].append("LEAF" if is_leaf else "BRANCH_LEQ")
            lists["values"].append(0.0 if is_leaf else float(round_down(tree.threshold[node])))
            lists["truenodeids"].append(0 if is_leaf else int(tree.children_left[node]))
            lists["falsenodeids"].append(0 if is_leaf else int(tree.children_right[node]))
            lists["missing_value_tracks_true"].append(0 if is_leaf else int(tree.missing_go_to_left[node]))
            lists["hitrates"].append(1.0)
            if not is_leaf:
                continue
            value = tree.value[node][0] / len(forest.estimators_)
            for k, weight in enumerate(value):
                if second_only and k == 0:
                    continue
                leaves["ids"].append(k)
                leaves["nodeids"].append(node)
                leaves["treeids"].append(t)
                leaves["weights"].append(float(weight))
    attributes = {f"nodes_{name}": values for name, values in lists.items()} | {"post_transform": "NONE"}
    if is_classifier:
        attributes |= {f"class_{name}": values for name, values in leaves.items()}
        labels = forest.classes_.tolist()
        attributes["classlabels_strings" if isinstance(labels[0], str) else "classlabels_int64s"] = labels
        outputs = ["label", "probabilities"]
        label_type = TensorProto.STRING if isinstance(labels[0], str) else TensorProto.INT64
        infos = [
            value_info("label", label_type, None),
            value_info("probabilities", TensorProto.FLOAT, None, len(labels)),
        ]
        kind = "TreeEnsembleClassifier"
    else:
        attributes |= {f"target_{name}": values for name, values in leaves.items()}
        attributes |= {"n_targets": 1, "aggregate_function": "SUM"}
        outputs = ["variable"]
        infos = [value_info("variable", TensorProto.FLOAT, None, 1)]
        kind = "TreeEnsembleRegressor"
    node = helper.make_node(kind, ["X"], outputs, domain="ai.onnx.ml", **attributes)
    graph = helper.make_graph([node], "forest", [value_info("X", TensorProto.FLOAT, None, num_features)], infos)
    opsets = [helper.make_opsetid("", 13), helper.make_opsetid("ai.onnx.ml", 1)]
    model = helper.make_model(graph, opset_imports=opsets)
    model.ir_version = 7
    onnx.checker.check_model(model)
    return model


def with_missing(x):
    x = x.copy()
    x[np.random.default_rng(5).random(x.shape) < 0.1] = np.nan
    return x


iris, cancer, diabetes = load_iris(), load_breast_cancer(), load_diabetes()
cancer_x = cancer.data[:, :8]
names = iris.target_names[iris.target]
jobs = {
    "iris": (RandomForestClassifier(5, random_state=0), iris.data, names, False),
    "iris-missing": (RandomForestClassifier(5, max_depth=4, random_state=1), with_missing(iris.data), iris.target, False),
    "cancer": (RandomForestClassifier(6, max_leaf_nodes=12, random_state=2), cancer_x, cancer.target, False),
    "cancer-second-only": (ExtraTreesClassifier(4, max_leaf_nodes=12, random_state=3), cancer_x, cancer.target, True),
    "diabetes": (RandomForestRegressor(4, max_leaf_nodes=20, random_state=4), diabetes.data, diabetes.target, False),
}
fixtures = {}
for name, (forest, x, y, second_only) in jobs.items():
    x = x.astype(np.float32)
    forest.fit(x, y)
    model = convert(forest, x.shape[1], second_only)
    rows = x[:60]
    answer = onnxruntime.InferenceSession(model.SerializeToString()).run(None, {"X": rows})
    expected = forest.predict_proba(rows) if hasattr(forest, "classes_") else forest.predict(rows)[:, None]
    if not second_only:  # there onnxruntime adds a column
        assert np.allclose(answer[-1], expected, rtol=1e-5, atol=1e-6), name
    fixtures[name] = {
        "onnx": text(np.frombuffer(model.SerializeToString(), np.uint8)),
        "columns": [text(column) for column in rows.T],
        "predicted": forest.predict(rows).tolist(),
        "expected": text(expected.astype("<f8")),
    }
    print(name, len(model.SerializeToString()), "bytes")
out = {"sklearn": sklearn.__version__, "onnx": onnx.__version__, "onnxruntime": onnxruntime.__version__, "cases": fixtures}
pathlib.Path(sys.argv[1]).write_text(json.dumps(out) + "\n")
