"""Rounds of scikit-learn's successive halving: writes test/fixtures/search/halving.json.

python bench/reference/halving.py   (scikit-learn 1.9.1; seconds)
"""
import itertools
import json
import warnings

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import HalvingGridSearchCV

warnings.filterwarnings("ignore")


class Ranked(ClassifierMixin, BaseEstimator):
    """Scores each candidate by its parameter, so that only the rounds matter."""

    def __init__(self, value=0, size=1):
        self.value = value
        self.size = size

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        return self

    def score(self, X, y):
        return float(self.value)

    def predict(self, X):
        return np.zeros(len(X))


def rounds(num_rows, num_candidates, **options):
    X = np.zeros((num_rows, 1))
    y = np.arange(num_rows) % 2
    resource = "size" if "max_resources" in options else "n_samples"
    search = HalvingGridSearchCV(
        Ranked(), {"value": list(range(num_candidates))}, resource=resource, cv=3, refit=False, random_state=0, **options
    ).fit(X, y)
    return {
        "numRows": num_rows,
        "numCandidates": num_candidates,
        "options": options,
        "n_candidates": search.n_candidates_,
        "n_resources": search.n_resources_,
    }


tables = []
for num_rows, num_candidates, factor in itertools.product([100, 1000], [1, 2, 5, 9, 10, 20, 64, 100], [2, 3, 4]):
    for min_resources in ["exhaust", "smallest", 40]:
        for aggressive in [False, True]:
            tables.append(
                rounds(
                    num_rows,
                    num_candidates,
                    factor=factor,
                    min_resources=min_resources,
                    aggressive_elimination=aggressive,
                )
            )
for num_candidates, factor, most in itertools.product([6, 30], [2, 3, 1.5], [50, 100]):
    tables.append(rounds(60, num_candidates, factor=factor, max_resources=most))
    tables.append(rounds(60, num_candidates, factor=factor, max_resources=most, min_resources=5))

# by rounding of the logarithm of 243 to base 3, five rounds and not six
tables.append(rounds(1000, 243, factor=3))

with open("test/fixtures/search/halving.json", "w") as file:
    json.dump(tables, file)
print(len(tables), "tables")
