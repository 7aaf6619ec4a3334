"""Unmodified boto3 and pyarrow against `arvoredo local --json FILE`: list, read, check, invoke. Needs one finished run."""

import hashlib
import io
import json
import sys

import boto3
import pyarrow.ipc

with open(sys.argv[1]) as file:
    local = json.load(file)
access = dict(region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any")
s3 = boto3.client("s3", endpoint_url=local["s3"], **access)
functions = boto3.client("lambda", endpoint_url=local["lambda"], **access)

keys = [
    item["Key"]
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=local["bucket"], Prefix="runs/")
    for item in page.get("Contents", [])
]
results = [key for key in keys if "/dataset/" in key and key.endswith(".json")]
print(f"{len(keys)} objects, {len(results)} partitions")
for result in results[:2]:
    stats = json.load(s3.get_object(Bucket=local["bucket"], Key=result)["Body"])
    partition = stats["partition"]
    body = s3.get_object(Bucket=local["bucket"], Key=partition["key"])["Body"].read()
    assert hashlib.sha256(body).hexdigest() == partition["sha256"]
    table = pyarrow.ipc.open_file(io.BytesIO(body)).read_all()
    table.validate(full=True)
    counts = table["label"].value_counts().to_pylist()
    assert {c["values"]: c["counts"] for c in counts} == {k: n for k, n in enumerate(stats["classCounts"]) if n}
    print(partition["key"], table.num_rows, "rows", table.schema.names[:3], "…", table.schema.names[-2:])

names = [fn["FunctionName"] for fn in functions.list_functions()["Functions"]]
print("functions:", ", ".join(names))
run_id = keys[0].split("/")[1]
name = next(name for name in names if name.endswith("generate"))
answer = functions.invoke(FunctionName=name, Payload=json.dumps({"runId": run_id, "chunkIndex": 0}))
print("generate again:", answer["StatusCode"], answer["Payload"].read().decode())
