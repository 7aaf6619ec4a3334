"""The diabetes table of scikit-learn as a CSV file, and what its regressors reach there: writes
test/fixtures/tables/diabetes.csv and diabetes-scores.json.

python bench/reference/diabetes_csv.py   (scikit-learn 1.9.1; half a minute)

Values as they were measured (scaled=False). The column `side` holds out every fourth row, so that the scores are of the
same rows everywhere; mean and standard deviation are over 20 seeds, 100 trees each.
"""

import json
import pathlib

import numpy as np
from sklearn.datasets import load_diabetes
from sklearn.ensemble import ExtraTreesRegressor, RandomForestRegressor
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

OUT = pathlib.Path(__file__).parents[2] / "test/fixtures/tables"

data = load_diabetes(scaled=False)
X, y = np.round(data.data, 3), data.target
is_test = np.arange(len(y)) % 4 == 0
lines = [",".join([*data.feature_names, "progression", "side"])]
for row, value, held in zip(X, y, is_test):
    lines.append(",".join([*(f"{cell:g}" for cell in row), f"{value:g}", "test" if held else "train"]))
(OUT / "diabetes.csv").write_text("\n".join(lines) + "\n")

X = np.array([[float(cell) for cell in line.split(",")[:10]] for line in lines[1:]])
forest, extra = RandomForestRegressor, ExtraTreesRegressor
cases = [
    (forest, {}, {}),
    (forest, {"maxFeatures": 0.3, "minSamplesLeaf": 3}, {"max_features": 0.3, "min_samples_leaf": 3}),
    (forest, {"criterion": "absolute_error", "maxDepth": 4}, {"criterion": "absolute_error", "max_depth": 4}),
    (forest, {"criterion": "poisson", "maxDepth": 5}, {"criterion": "poisson", "max_depth": 5}),
    (extra, {"extraTrees": True}, {}),
]
scores = []
for model, ours, theirs in cases:
    found = []
    for seed in range(20):
        fitted = model(100, random_state=seed, n_jobs=2, **theirs).fit(X[~is_test], y[~is_test])
        predicted = fitted.predict(X[is_test])
        found.append([metric(y[is_test], predicted) for metric in (r2_score, root_mean_squared_error, mean_absolute_error)])
    mean, std = np.mean(found, axis=0), np.std(found, axis=0)
    names = ["r2", "rmse", "mae"]
    scores.append({"options": ours, "mean": dict(zip(names, mean)), "std": dict(zip(names, std))})
    print(scores[-1])
(OUT / "diabetes-scores.json").write_text(json.dumps(scores, indent=1) + "\n")
