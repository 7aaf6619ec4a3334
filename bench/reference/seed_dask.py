"""The tutorial's job as it stands: a Dask cluster of 4 workers makes and splits the data, scikit-learn fits, one process.

python bench/reference/seed_dask.py [ROWS]   Prints one JSON line. Needs dask, distributed and scikit-learn; where dask-ml
is missing, its formulas are done with dask arrays: data of make_classification, train_test_split of each block.
"""

import json
import sys

import dask
import dask.array as da
import distributed
import numpy as np
import sklearn
from dask.distributed import Client, LocalCluster
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score

try:
    from dask_ml.datasets import make_classification
    from dask_ml.model_selection import train_test_split

    with_dask_ml = True
except ImportError:
    with_dask_ml = False

    def make_classification(n_samples, n_features, chunks, n_informative=2, scale=1.0):
        rng = da.random.RandomState()
        own = np.random.RandomState()
        X = rng.normal(0, 1, size=(n_samples, n_features), chunks=(chunks, n_features))
        chosen = own.choice(n_features, n_informative)
        beta = (own.random_sample(n_features) - 1) * scale
        z = X[:, chosen].dot(beta[chosen])
        y = rng.random_sample(z.shape, chunks=chunks) < 1 / (1 + da.exp(-z))
        return X, y.astype(int)

    def train_test_split(X, y, test_size=0.1):
        seeds = np.random.RandomState().randint(0, 2**31 - 1, size=X.numblocks[0])

        def take(is_test):
            def of_block(block, seed):
                num_test = int(np.ceil(test_size * len(block)))
                order = np.random.RandomState(seed).permutation(len(block))
                return block[order[:num_test] if is_test else order[num_test:]]

            def of_array(array):
                blocks = zip(array.to_delayed().ravel(), seeds, array.chunks[0])
                parts = []
                for block, seed, rows in blocks:
                    num_test = int(np.ceil(test_size * rows))
                    shape = (num_test if is_test else rows - num_test, *array.shape[1:])
                    parts.append(da.from_delayed(dask.delayed(of_block)(block, seed), shape, array.dtype))
                return da.concatenate(parts)

            return of_array

        return take(False)(X), take(True)(X), take(False)(y), take(True)(y)


def main():
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    cluster = LocalCluster(n_workers=4)
    client = Client(cluster)
    X, y = make_classification(n_samples=rows, n_features=20, chunks=rows // 10)
    X_train, X_test, y_train, y_test = train_test_split(X, y)
    forest = RandomForestClassifier().fit(X_train.compute(), y_train.compute())
    accuracy = accuracy_score(y_test.compute(), forest.predict(X_test.compute()))
    client.close()
    cluster.close()
    versions = {"dask": dask.__version__, "distributed": distributed.__version__, "scikit-learn": sklearn.__version__}
    print(json.dumps({"accuracy": accuracy, "with_dask_ml": with_dask_ml, "versions": versions}))


if __name__ == "__main__":  # the workers are processes that import this file
    main()
