"""Accuracies of scikit-learn's forests on splits of bench/accuracy.ts.

python forest_accuracy.py NUM_TREES FORESTS FOLDER...   Prints one JSON line: the accuracies of each folder's forests.
"""

import json
import sys

import numpy as np
from sklearn.ensemble import RandomForestClassifier

num_trees, forests = int(sys.argv[1]), int(sys.argv[2])


def rows(folder, part):
    y = np.fromfile(f"{folder}/{part}.u16", np.uint16)
    return np.ascontiguousarray(np.fromfile(f"{folder}/{part}.f32", np.float32).reshape(-1, len(y)).T), y


found = []
for i, folder in enumerate(sys.argv[3:]):
    train, test = rows(folder, "train"), rows(folder, "test")
    seeds = range(i * forests, (i + 1) * forests)
    found.append([RandomForestClassifier(num_trees, random_state=s).fit(*train).score(*test) for s in seeds])
print(json.dumps(found))
