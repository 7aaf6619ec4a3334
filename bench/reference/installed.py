"""Which peers this Python has: prints one JSON line of versions."""

import importlib
import json

versions = {}
for name in ("sklearn", "xgboost", "lightgbm", "distributed"):
    try:
        versions[name] = importlib.import_module(name).__version__.split("+")[0]
    except ImportError:
        pass
print(json.dumps(versions))
