"""Begins a rotation at moto as Secrets Manager begins one: `rotate_secret.py URL SECRET TOKEN`.

moto calls no function here, so whoever asked for the rotation sends the steps.
"""

import io
import json
import sys
import urllib.request
import zipfile

import boto3

url, secret, token = sys.argv[1:]
config = {"lambda": {"use_docker": False}}
request = urllib.request.Request(f"{url}/moto-api/config", json.dumps(config).encode(), {"Content-Type": "application/json"})
urllib.request.urlopen(request).close()


def client(name):
    keys = {"aws_access_key_id": "demo", "aws_secret_access_key": "demo"}
    return boto3.client(name, endpoint_url=url, region_name="us-east-1", **keys)


functions = client("lambda")
if not functions.list_functions()["Functions"]:
    role = client("iam").create_role(RoleName="rotate", AssumeRolePolicyDocument="{}")["Role"]["Arn"]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("bootstrap", "")
    functions.create_function(
        FunctionName="aikeys-rotate", Runtime="provided.al2023", Handler="bootstrap", Role=role, Code={"ZipFile": archive.getvalue()}
    )
arn = functions.get_function(FunctionName="aikeys-rotate")["Configuration"]["FunctionArn"]
answer = client("secretsmanager").rotate_secret(
    SecretId=secret, ClientRequestToken=token, RotationLambdaARN=arn, RotationRules={"AutomaticallyAfterDays": 30}
)
print(answer["ARN"])
