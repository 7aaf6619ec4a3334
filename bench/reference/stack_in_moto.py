"""A second opinion on the template: moto's CloudFormation creates what it knows of the stack, and deletes it again.

Usage: python bench/reference/stack_in_moto.py [cdk.out/Arvoredo.template.json]; needs moto[server] and boto3.
Starts its own server on the loopback. Prints the state, and the types that moto does not know.
"""

import io
import json
import subprocess
import sys
import time
import zipfile
from collections import Counter

import boto3
from botocore.config import Config

PORT = 5055
STACK = "Arvoredo"
ALIAS = "arn:aws:lambda:us-east-1:123456789012:function:orchestrator:live"


def without_aliases(value, aliases):
    """The template with ARNs in place of references to aliases, whose type moto does not know."""
    if isinstance(value, dict):
        if value.get("Ref") in aliases:
            return ALIAS
        return {key: without_aliases(each, aliases) for key, each in value.items()}
    return [without_aliases(each, aliases) for each in value] if isinstance(value, list) else value


def main(path):
    with open(path) as file:
        template = json.load(file)
    resources = template["Resources"]
    aliases = {name for name, each in resources.items() if each["Type"] == "AWS::Lambda::Alias"}
    # moto knows no alarms, and so not the ARNs that a dashboard shows
    for name in [name for name, each in resources.items() if each["Type"] == "AWS::CloudWatch::Dashboard"]:
        del resources[name]
    template = without_aliases(template, aliases)

    access = {
        "endpoint_url": f"http://127.0.0.1:{PORT}",
        "region_name": "us-east-1",
        "aws_access_key_id": "local",
        "aws_secret_access_key": "local",
        "config": Config(retries={"max_attempts": 1}),
    }
    s3 = boto3.client("s3", **access)
    for _ in range(60):
        try:
            s3.list_buckets()
            break
        except Exception:
            time.sleep(0.5)
    bucket = "cdk-hnb659fds-assets-123456789012-us-east-1"
    s3.create_bucket(Bucket=bucket)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as bundle:
        bundle.writestr("index.mjs", "")
    for each in resources.values():
        if each["Type"] == "AWS::Lambda::Function":
            s3.put_object(Bucket=bucket, Key=each["Properties"]["Code"]["S3Key"], Body=archive.getvalue())
    s3.put_object(Bucket=bucket, Key="template.json", Body=json.dumps(template))
    boto3.client("ssm", **access).put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="21", Type="String")

    cloudformation = boto3.client("cloudformation", **access)
    url = f"https://s3.amazonaws.com/{bucket}/template.json"
    cloudformation.create_stack(StackName=STACK, TemplateURL=url, Capabilities=["CAPABILITY_IAM"])
    print(cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"])
    listed = cloudformation.list_stack_resources(StackName=STACK)["StackResourceSummaries"]
    made = {each["LogicalResourceId"] for each in listed}
    unknown = Counter(each["Type"] for name, each in template["Resources"].items() if name not in made)
    print(f"{len(made)} of {len(template['Resources'])} resources; not known to moto: {dict(unknown)}")
    cloudformation.delete_stack(StackName=STACK)
    print([each["StackStatus"] for each in cloudformation.list_stacks()["StackSummaries"]])


server = subprocess.Popen(
    ["moto_server", "-H", "127.0.0.1", "-p", str(PORT)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
)
try:
    main(sys.argv[1] if len(sys.argv) > 1 else "cdk.out/Arvoredo.template.json")
finally:
    server.kill()
