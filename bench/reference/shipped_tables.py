"""Tables that scikit-learn ships, as raw arrays for bench/accuracy.ts: python shipped_tables.py FOLDER"""

import pathlib
import sys

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_wine

for name, load in {"digits": load_digits, "breast cancer": load_breast_cancer, "wine": load_wine}.items():
    X, y = load(return_X_y=True)
    folder = pathlib.Path(sys.argv[1]) / name
    folder.mkdir(parents=True)
    np.ascontiguousarray(X.T, np.float32).tofile(folder / "all.f32")
    y.astype(np.uint16).tofile(folder / "all.u16")
