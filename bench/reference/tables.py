"""Writes test/fixtures/tables: one small table in each format and codec, and the tables that scikit-learn ships.

pip install pyarrow numpy scikit-learn; python bench/reference/tables.py
"""

import datetime
import gzip
import json
import math
import pathlib
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.ipc as ipc
import pyarrow.parquet as pq
import sklearn

folder = pathlib.Path(__file__).parents[2] / "test" / "fixtures" / "tables"

rows = 10
columns = {
    "x": [i / 4 if i % 4 else None for i in range(rows)],
    "n": [2**40 + i for i in range(rows)],
    "ok": [None if i == 3 else i % 2 == 0 for i in range(rows)],
    "name": [None if i == 5 else f"é{i % 3}" for i in range(rows)],
    "kind": ["red", "green", "blue", "red", "red", None, "blue", "green", "red", "blue"],
    "day": [datetime.date(2026, 1, 1 + i) for i in range(rows)],
    "at": [datetime.datetime(2026, 1, 1, 12, i) for i in range(rows)],
}
types = {
    "x": pa.float64(),
    "n": pa.int64(),
    "ok": pa.bool_(),
    "name": pa.string(),
    "kind": pa.dictionary(pa.int8(), pa.string()),
    "day": pa.date32(),
    "at": pa.timestamp("us"),
}
table = pa.table({name: pa.array(values, types[name]) for name, values in columns.items()})
for codec in ["none", "snappy", "gzip", "brotli", "lz4", "zstd"]:
    pq.write_table(table, folder / f"{codec}.parquet", compression=codec, row_group_size=4)
pq.write_table(table, folder / "v2.parquet", data_page_version="2.0", version="2.6", use_dictionary=False)
for codec in ["uncompressed", "lz4", "zstd"]:
    feather.write_feather(table, folder / f"{codec}.arrow", compression=codec, chunksize=4)
with ipc.new_stream(folder / "stream.arrow", table.schema, options=ipc.IpcWriteOptions(compression="zstd")) as stream:
    stream.write_table(table, max_chunksize=4)
kinds = [pa.array(kind).dictionary_encode() for kind in (["a", "b"], ["x", "y"])]
with ipc.new_stream(folder / "changing.arrow", pa.schema({"kind": kinds[0].type})) as stream:
    for kind in kinds:
        stream.write_batch(pa.record_batch([kind], ["kind"]))
# LZ4 with blocks that refer to earlier ones
long = pa.table({"i": pa.array([k % 1000 for k in range(20000)], pa.int32())})
feather.write_feather(long, folder / "long-lz4.arrow", compression="lz4", chunksize=20000)
lists = pa.table({"x": [0, 1, 2], "l": [[1, 2], [3], []]})
feather.write_feather(lists, folder / "lists.arrow", compression="uncompressed")

numbers = np.arange(12).reshape(4, 3) / 4
numbers[1, 2] = math.nan
np.save(folder / "c-order.npy", numbers.astype("<f4"))
np.save(folder / "fortran.npy", np.asfortranarray(numbers))
np.save(folder / "big-endian.npy", np.arange(5, dtype=">i2"))

text = "a,b\n" + "".join(f'{i},"{"x" * (i % 7)}\n"\n' for i in range(1, 2001))
(folder / "text.csv.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
(folder / "text.csv.zst").write_bytes(pa.Codec("zstd").compress(text.encode()).to_pybytes())

shipped = pathlib.Path(sklearn.__file__).parent / "datasets" / "data"
for name in ["iris.csv", "wine_data.csv", "breast_cancer.csv", "digits.csv.gz"]:
    shutil.copy(shipped / name, folder / name)
as_text = {name: [None if v is None else v.isoformat() if hasattr(v, "isoformat") else v for v in values] for name, values in columns.items()}
(folder / "expected.json").write_text(json.dumps(as_text, indent=1) + "\n")
