"""Out-of-bag scores of scikit-learn's forests on tables that it ships: writes test/fixtures/forest/{wine,diabetes}.json.

python bench/reference/forest_scores.py   (scikit-learn 1.9.1; half a minute)

Mean and standard deviation over 20 seeds, 100 trees each; rows that are never out of bag don't occur.
"""

import json
import pathlib

import numpy as np
from sklearn.datasets import load_diabetes, load_wine
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor

OUT = pathlib.Path(__file__).parents[2] / "test/fixtures/forest"


def score(model, X, y, ours, theirs, weight=None):
    found = []
    for seed in range(20):
        forest = model(100, bootstrap=True, oob_score=True, random_state=seed, n_jobs=2, **theirs)
        found.append(forest.fit(X, y, sample_weight=weight).oob_score_)
    name = model.__name__
    return {"model": name, "options": ours, "weighted": weight is not None, "mean": np.mean(found), "std": np.std(found)}


def write(name, X, y, cases):
    weight = np.round(np.random.default_rng(1).uniform(0.2, 3, len(y)), 2)
    scores = [score(model, X, y, ours, theirs, weight if weighted else None) for model, ours, theirs, weighted in cases]
    data = {"columns": X.T.tolist(), "target": y.tolist(), "weights": weight.tolist(), "scores": scores}
    (OUT / f"{name}.json").write_text(json.dumps(data) + "\n")
    for one in scores:
        print(name, one)


X, y = load_wine(return_X_y=True)
forest, extra = RandomForestClassifier, ExtraTreesClassifier
write("wine", np.round(X, 3), y, [
    (forest, {}, {}, False),
    (forest, {"maxDepth": 2}, {"max_depth": 2}, False),
    (forest, {"criterion": "entropy", "maxFeatures": 1}, {"criterion": "entropy", "max_features": 1}, False),
    (forest, {"maxSamples": 20}, {"max_samples": 20}, False),
    (forest, {"maxSamples": 0.1}, {"max_samples": 0.1}, True),
    (forest, {"classWeight": "balanced", "maxDepth": 1}, {"class_weight": "balanced", "max_depth": 1}, False),
    (forest, {"classWeight": "balanced_subsample", "maxDepth": 1}, {"class_weight": "balanced_subsample", "max_depth": 1}, False),
    (extra, {}, {}, False),
    (extra, {"maxDepth": 3}, {"max_depth": 3}, True),
])
X, y = load_diabetes(return_X_y=True, scaled=False)
forest, extra = RandomForestRegressor, ExtraTreesRegressor
write("diabetes", np.round(X, 3), y, [
    (forest, {}, {}, False),
    (forest, {"maxFeatures": 0.3, "minSamplesLeaf": 3}, {"max_features": 0.3, "min_samples_leaf": 3}, True),
    (forest, {"criterion": "absolute_error", "maxDepth": 4}, {"criterion": "absolute_error", "max_depth": 4}, False),
    (forest, {"criterion": "poisson", "maxDepth": 5}, {"criterion": "poisson", "max_depth": 5}, False),
    (forest, {"maxSamples": 60}, {"max_samples": 60}, False),
    (extra, {}, {}, False),
])
