"""Trees that scikit-learn grew, for test/lib/forest: writes test/fixtures/forest/*.json.

python bench/reference/forest_fixtures.py   (scikit-learn 1.9.1)

All rows in every tree and all features at every node, so that nothing is random; a case is kept only if three seeds,
which order the features differently, give the same tree, and negated features, which order the cuts differently, the
same leaves: then no two best cuts tie. Values are few and whole, so that bins are exact. Nodes are in preorder, as ours.
"""

import json
import pathlib

import numpy as np
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

OUT = pathlib.Path(__file__).parents[2] / "test/fixtures/forest"


def describe(forest, X):
    tree = forest.estimators_[0].tree_
    leaf = tree.children_left < 0
    value = tree.value[:, 0, :]
    return {
        "feature": [-1 if is_leaf else int(f) for is_leaf, f in zip(leaf, tree.feature)],
        "rows": tree.n_node_samples.tolist(),
        "values": [[float(x) for x in row] if is_leaf else None for is_leaf, row in zip(leaf, value)],
        "leafOf": forest.apply(X)[:, 0].tolist(),
        "importances": forest.feature_importances_.tolist(),
    }


def depth_first(forest):
    """Nodes grown best first are renumbered in preorder."""
    tree = forest.estimators_[0].tree_
    order, stack = [], [0]
    while stack:
        node = stack.pop()
        order.append(node)
        if tree.children_left[node] >= 0:
            stack += [tree.children_right[node], tree.children_left[node]]
    return order


def reorder(found, order):
    place = {node: i for i, node in enumerate(order)}
    for key in ("feature", "rows", "values"):
        found[key] = [found[key][node] for node in order]
    found["leafOf"] = [place[node] for node in found["leafOf"]]
    return found


def partition(leaf_of):
    """Leaves numbered in the order of their first row."""
    numbers = {}
    return [numbers.setdefault(int(leaf), len(numbers)) for leaf in leaf_of]


def case(model, X, y, ours, theirs, weights=None):
    found = []
    for seed in range(3):
        forest = model(
            n_estimators=1, bootstrap=False, max_features=None, random_state=seed, **theirs
        ).fit(X, y, sample_weight=weights)
        found.append(reorder(describe(forest, X), depth_first(forest)))
    if "monotonic_cst" in theirs:
        theirs = {**theirs, "monotonic_cst": [-sign for sign in theirs["monotonic_cst"]]}
    mirror = model(n_estimators=1, bootstrap=False, max_features=None, random_state=0, **theirs)
    mirror.fit(-X, y, sample_weight=weights)
    same = np.array_equal(partition(mirror.apply(-X)[:, 0]), partition(found[0]["leafOf"])) and all(one["leafOf"] == found[0]["leafOf"] and one["feature"] == found[0]["feature"] for one in found)
    if not same:
        print("dropped, not unique:", model.__name__, ours)
        return None
    return {"params": ours, "weighted": weights is not None, **found[0]}


def table(seed, rows, features, missing):
    random = np.random.default_rng(seed)
    X = random.integers(0, 40, (rows, features)).astype(np.float32)
    signal = X[:, 0] + 0.5 * X[:, 1] - 0.3 * X[:, 2] + 0.02 * X[:, 0] * X[:, 3] + random.normal(0, 6, rows)
    if missing:
        # a missing value carries information, so that its side matters
        X[(random.random((rows, features)) < 0.15) & (signal[:, None] > np.median(signal))] = np.nan
    weights = np.round(random.uniform(0, 3, rows), 2)
    return X, signal, weights


def write(name, X, y, weights, cases):
    cases = [one for one in cases if one]
    columns = [[None if np.isnan(x) else float(x) for x in column] for column in X.T]
    data = {"columns": columns, "target": y.tolist(), "weights": weights.tolist(), "cases": cases}
    (OUT / f"{name}.json").write_text(json.dumps(data) + "\n")
    print(name, len(cases), "cases")


BOTH = [
    ({"minSamplesLeaf": 20}, {"min_samples_leaf": 20}),
    ({"minSamplesLeaf": 0.07}, {"min_samples_leaf": 0.07}),
    ({"minSamplesSplit": 0.2}, {"min_samples_split": 0.2}),
    ({"minSamplesSplit": 50, "maxDepth": 3}, {"min_samples_split": 50, "max_depth": 3}),
    ({"minWeightFractionLeaf": 0.08}, {"min_weight_fraction_leaf": 0.08}),
    ({"maxLeafNodes": 9}, {"max_leaf_nodes": 9}),
    ({"maxLeafNodes": 6, "minSamplesLeaf": 15}, {"max_leaf_nodes": 6, "min_samples_leaf": 15}),
]


def classes(name, seed, num_classes, missing):
    X, signal, weights = table(seed, 240, 5, missing)
    y = np.searchsorted(np.quantile(signal, np.arange(1, num_classes) / num_classes), signal)
    cases = []
    own = BOTH + [
        ({"minImpurityDecrease": 0.01}, {"min_impurity_decrease": 0.01}),
        ({"ccpAlpha": 0.008, "minSamplesLeaf": 4}, {"ccp_alpha": 0.008, "min_samples_leaf": 4}),
        ({"classWeight": "balanced", "maxDepth": 3}, {"class_weight": "balanced", "max_depth": 3}),
        (
            {"classWeight": [1, 2.5, 0.5][:num_classes], "maxDepth": 3},
            {"class_weight": dict(zip(range(num_classes), [1, 2.5, 0.5])), "max_depth": 3},
        ),
    ]
    for criterion in ("gini", "entropy", "log_loss"):
        for ours, theirs in own if criterion != "log_loss" else own[:1]:  # another name of entropy
            for used in (None, weights):
                one = {"criterion": criterion, **ours}
                cases.append(case(RandomForestClassifier, X, y, one, {"criterion": criterion, **theirs}, used))
    if num_classes == 2 and not missing:
        for signs in ([1, 0, 0, 0, 0], [-1, 1, 0, 0, 0], [0, -1, -1, 0, 0]):
            one = {"monotonicConstraints": signs, "minSamplesLeaf": 8}
            theirs = {"monotonic_cst": signs, "min_samples_leaf": 8}
            cases.append(case(RandomForestClassifier, X, y, one, theirs))
    write(name, X, y, weights, cases)


def values(name, seed, missing):
    X, signal, weights = table(seed, 240, 5, missing)
    y = np.round(signal - signal.min(), 3)
    cases = []
    own = BOTH + [
        ({"minImpurityDecrease": 2.0}, {"min_impurity_decrease": 2.0}),
        ({"ccpAlpha": 1.0, "minSamplesLeaf": 4}, {"ccp_alpha": 1.0, "min_samples_leaf": 4}),
    ]
    criteria = ("squared_error", "poisson") if missing else ("squared_error", "absolute_error", "poisson")
    for criterion in criteria:
        for ours, theirs in own:
            for used in (None, weights):
                one = {"criterion": criterion, **ours}
                cases.append(case(RandomForestRegressor, X, y, one, {"criterion": criterion, **theirs}, used))
    if not missing:
        for signs in ([1, 0, 0, 0, 0], [-1, 1, 0, 0, 0], [0, -1, -1, 0, 0]):
            one = {"monotonicConstraints": signs, "minSamplesLeaf": 8}
            theirs = {"monotonic_cst": signs, "min_samples_leaf": 8}
            cases.append(case(RandomForestRegressor, X, y, one, theirs))
    write(name, X, y, weights, cases)


OUT.mkdir(parents=True, exist_ok=True)
classes("two-classes", 1, 2, False)
classes("three-classes", 12, 3, False)
classes("two-classes-missing", 3, 2, True)
classes("three-classes-missing", 4, 3, True)
values("values", 5, False)
values("values-missing", 6, True)
