"""Inputs and scikit-learn's metrics of them, for test/lib/metrics/fixtures.test.ts.

Run with scikit-learn 1.9.1: python bench/reference/metrics.py
Writes test/fixtures/metrics/*.json. The variance of DeLong is computed from its definition, over all pairs of rows.
"""

import json
import pathlib
import warnings

import numpy as np
from scipy.stats import norm
from sklearn import metrics
from sklearn.calibration import calibration_curve

OUT = pathlib.Path(__file__).parents[2] / "test" / "fixtures" / "metrics"
AVERAGES = ["macro", "micro", "weighted"]


def delong(labels, scores):
    wins = np.sign(scores[labels == 1][:, None] - scores[labels == 0][None, :]) / 2 + 0.5
    m, n = wins.shape
    variance = wins.mean(1).var(ddof=1) / m + wins.mean(0).var(ddof=1) / n
    margin = norm.ppf(0.975) * np.sqrt(variance)
    return [max(0.0, wins.mean() - margin), min(1.0, wins.mean() + margin)]


def classification(labels, probabilities, weights):
    classes = list(range(probabilities.shape[1]))
    predicted = probabilities.argmax(1)
    binary = len(classes) == 2
    scores = probabilities[:, 1] if binary else probabilities
    weighted = dict(sample_weight=weights)
    expected = {
        "accuracy": metrics.accuracy_score(labels, predicted, **weighted),
        "balancedAccuracy": metrics.balanced_accuracy_score(labels, predicted, **weighted),
        "confusion": metrics.confusion_matrix(labels, predicted, labels=classes, **weighted).ravel().tolist(),
        "logLoss": metrics.log_loss(labels, probabilities, labels=classes, **weighted),
        "brier": metrics.brier_score_loss(labels, probabilities, labels=classes, **weighted),
    }
    for average in AVERAGES + ["binary"] * binary:
        precision, recall, f1, _ = metrics.precision_recall_fscore_support(
            labels, predicted, average=average, **weighted)
        expected[average] = {"precision": precision, "recall": recall, "f1": f1}
    for average in ["macro", "weighted"]:
        expected[average]["rocAuc"] = metrics.roc_auc_score(
            labels, scores, average=average, multi_class="ovr", **weighted)
        expected[average]["averagePrecision"] = metrics.average_precision_score(
            labels, scores, average=average, **weighted)
    if binary:
        fpr, tpr, cuts = metrics.roc_curve(labels, scores, drop_intermediate=False, **weighted)
        expected["rocCurve"] = [[x, y, None if np.isinf(cut) else cut] for x, y, cut in zip(fpr, tpr, cuts)]
        precision, recall, cuts = metrics.precision_recall_curve(labels, scores, **weighted)
        expected["precisionRecallCurve"] = [
            [p, r, c] for p, r, c in zip(precision[::-1], recall[::-1], [None, *cuts[::-1]])]
    if binary and weights is None:
        expected["calibration"] = [list(column) for column in calibration_curve(labels, scores, n_bins=10)]
        expected["rocAucInterval"] = delong(labels, scores)
    return expected


def regression(labels, predictions, weights):
    weighted = dict(sample_weight=weights)
    return {
        "r2": metrics.r2_score(labels, predictions, **weighted),
        "meanAbsoluteError": metrics.mean_absolute_error(labels, predictions, **weighted),
        "rootMeanSquaredError": metrics.root_mean_squared_error(labels, predictions, **weighted),
    }


def write(name, score, labels, predictions, weights):
    case = {
        "labels": labels.tolist(),
        "predictions": predictions.ravel().tolist(),
        "weights": weights.tolist(),
        "plain": score(labels, predictions, None),
        "weighted": score(labels, predictions, weights),
    }
    if predictions.ndim == 2:
        case["numClasses"] = predictions.shape[1]
    (OUT / f"{name}.json").write_text(json.dumps(case) + "\n")


def weights(rng, rows):
    return np.where(rng.random(rows) < 0.1, 0.0, rng.exponential(size=rows))


def two(p):
    return np.column_stack([1 - p, p])


warnings.simplefilter("ignore")  # what is undefined is 0, see precision-recall.ts
OUT.mkdir(parents=True, exist_ok=True)
rng = np.random.default_rng(0)
p = rng.random(80)
write("binary", classification, (rng.random(80) < p).astype(int), two(p), weights(rng, 80))
p = rng.integers(0, 11, 120) / 10  # ties, bin edges, 0 and 1
write("ties", classification, (rng.random(120) < 0.2 + 0.6 * p).astype(int), two(p), weights(rng, 120))
p = rng.choice([0.0, 1.0, 1e-300, 1e-17, 1e-15, 0.5, 1 - 1e-15, 1 - 2.0**-53], 60)  # some of them quite wrong
write("extreme", classification, rng.integers(0, 2, 60), two(p), weights(rng, 60))
write("neverPredicted", classification, np.arange(12) % 2, two(np.linspace(0, 0.4, 12)), weights(rng, 12))
labels = rng.integers(0, 3, 90)
p = rng.dirichlet([1, 1, 1], 90) * 0.6 + 0.4 * np.eye(3)[labels] * rng.random((90, 1))
write("threeClasses", classification, labels, p / p.sum(1, keepdims=True), weights(rng, 90))
counts = rng.multinomial(10, [0.5, 0.3, 0.1, 0.1], 90)  # 10 trees vote: ties in most rows
write("fourClassesTies", classification, rng.integers(0, 4, 90), counts / 10, weights(rng, 90))
y = rng.normal(size=70)
write("regression", regression, y, y + rng.normal(size=70) / 2, weights(rng, 70))
write("regressionOffset", regression, y + 1e4, y + 1e4 + rng.normal(size=70) / 2, weights(rng, 70))
write("regressionConstant", regression, np.full(8, 3.0), np.arange(8.0), weights(rng, 8))
write("regressionPerfect", regression, np.full(8, 3.0), np.full(8, 3.0), weights(rng, 8))
