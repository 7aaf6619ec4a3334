"""One forest of a peer on the rows of bench/run.ts. Prints one JSON line.

Usage: python forest_peer.py PEER FOLDER NUM_TREES SEED, where FOLDER holds shape.json and the raw arrays that it names.
"""

import json
import sys
import time

import numpy as np

peer, folder, num_trees, seed = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
# LightGBM sets memory for the histograms of as many aside, 80 kB each; the bench's trees have 5,300 leaves
MAX_LEAVES = 16384
shape = json.load(open(f"{folder}/shape.json"))


def rows(part):
    x = np.fromfile(f"{folder}/{part}.f32", np.float32).reshape(shape["numFeatures"], -1).T
    return np.ascontiguousarray(x), np.fromfile(f"{folder}/{part}.u16", np.uint16).astype(np.int64)


def make():
    name, _, option = peer.partition(":")
    if name == "sklearn":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(n_estimators=num_trees, n_jobs=int(option), random_state=seed)
    per_node = max(1, int(shape["numFeatures"] ** 0.5)) / shape["numFeatures"]
    if name == "xgboost":
        from xgboost import XGBRFClassifier

        return XGBRFClassifier(n_estimators=num_trees, n_jobs=2, random_state=seed, tree_method="hist",
                               max_depth=int(option), subsample=0.632, colsample_bynode=per_node, reg_lambda=0,
                               min_child_weight=0)
    from lightgbm import LGBMClassifier

    return LGBMClassifier(boosting_type="rf", n_estimators=num_trees, n_jobs=2, random_state=seed, max_depth=-1,
                          num_leaves=min(MAX_LEAVES, len(y)), min_child_samples=1,
                          min_sum_hessian_in_leaf=0, bagging_fraction=0.632,
                          bagging_freq=1, feature_fraction_bynode=per_node, verbose=-1)


X, y = rows("train")
forest = make()
X_test, y_test = rows("test")


def timed(call):
    wall, cpu = time.perf_counter(), time.process_time()
    result = call()
    return result, time.perf_counter() - wall, time.process_time() - cpu


_, fit, fit_cpu = timed(lambda: forest.fit(X, y))
predicted, predict, predict_cpu = timed(lambda: forest.predict(X_test))
accuracy = float((predicted == y_test).mean())
print(json.dumps(dict(fit=fit, fitCpu=fit_cpu, predict=predict, predictCpu=predict_cpu, accuracy=accuracy)))
