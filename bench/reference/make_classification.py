"""Expected quantities of scikit-learn's make_classification: mean and standard deviation over 200 seeds.

They are the table in test/lib/datasets/hypercube-reference.test.ts, which holds our generator to them.
Run with scikit-learn 1.9.1: python bench/reference/make_classification.py
"""

import json

import numpy as np
from sklearn.datasets import make_classification

SEEDS = 200
ROWS = 1000
CASES = {
    "defaults": dict(n_features=20),
    "threeClasses": dict(n_features=12, n_informative=5, n_redundant=3, n_repeated=2, n_classes=3,
                         n_clusters_per_class=2, weights=[0.6, 0.3], flip_y=0.1, class_sep=1.5),
    "squeezed": dict(n_features=8, n_informative=3, n_redundant=2, n_clusters_per_class=3, hypercube=False,
                     class_sep=2.0, flip_y=0.0),
    "randomShiftAndScale": dict(n_features=8, n_informative=2, n_redundant=2, shift=None, scale=None, class_sep=3.0),
}


def measure(case, seed):
    # unshuffled columns: informative, redundant, repeated, random
    X, y = make_classification(n_samples=ROWS, random_state=seed, shuffle=False, **case)
    informative = case.get("n_informative", 2)
    linear = informative + case.get("n_redundant", 2)
    repeated = linear + case.get("n_repeated", 0)
    correlation = np.abs(np.corrcoef(X[:, :linear].T))[np.triu_indices(linear, 1)]
    class_means = X[y == 0, :informative].mean(0) - X[y == 1, :informative].mean(0)
    return {
        "informativeVariance": X[:, :informative].var(0).mean(),
        "redundantVariance": X[:, informative:linear].var(0).mean(),
        "randomVariance": X[:, repeated:].var(0).mean(),
        "randomMean": np.abs(X[:, repeated:].mean(0)).mean(),
        "correlation": correlation.mean(),
        "classDistance": np.abs(class_means).mean(),
        "class0Share": (y == 0).mean(),
    }


for name, case in CASES.items():
    runs = [measure(case, seed) for seed in range(SEEDS)]
    columns = {key: np.array([run[key] for run in runs]) for key in runs[0]}
    print(name, json.dumps({k: [round(v.mean(), 5), round(v.std(ddof=1), 5)] for k, v in columns.items()}))
