"""scikit-learn's forest on its own data of the same parameters: the peer of `npm start`. Prints one JSON line."""

import json
import sys
import time

from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import train_test_split

seed = int(sys.argv[1]) if len(sys.argv) > 1 else 0
X, y = make_classification(n_samples=100_000, n_features=20, random_state=seed)
X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.1, random_state=seed)
start = time.perf_counter()
forest = RandomForestClassifier(n_estimators=100, n_jobs=2, random_state=seed).fit(X_train, y_train)
fit = time.perf_counter() - start
print(json.dumps({"fit_seconds": round(fit, 1), "accuracy": forest.score(X_test, y_test)}))
