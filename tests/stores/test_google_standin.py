#!/usr/bin/env python3
"""Google's own Python client lives a secret's whole life against the stand-in.

    test_google_standin.py URL       the stand-in's address; its project `denied` must be denied

Runs with the Python of `tests/real/install.sh google`.
"""

import os
import sys
from urllib.parse import urlsplit

import google_crc32c
from google.api_core import exceptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import secretmanager_v1 as api
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import SecretManagerServiceRestTransport
from google.protobuf import field_mask_pb2
from google_standin import crc32c

STATE = api.SecretVersion.State


def refused(kind, call, status=None, **fields):
    """The call fails as `kind`, and Google's word for it is `status`."""
    try:
        call(request=fields)
    except kind as error:
        said = error.response.json()["error"]["status"] if status else None
        assert said == status, f"{said} in the place of {status}"
        return
    raise AssertionError(f"not refused: {call.__name__} {sorted(fields)}")


def whole_life(client, parent, about):
    name = f"{parent}/secrets/app"
    made = client.create_secret(request={"parent": parent, "secret_id": "app", "secret": about})
    assert made.name.split("/")[1].isdigit(), "Google names the project by its number"
    assert made.etag and made.create_time
    create = {"parent": parent, "secret_id": "app", "secret": about}
    refused(exceptions.Conflict, client.create_secret, "ALREADY_EXISTS", **create)
    refused(exceptions.NotFound, client.access_secret_version, "NOT_FOUND", name=f"{name}/versions/latest")
    assert client.get_secret(request={"name": name}) == made

    values = [b"first", "zweiter Wert, äöü".encode(), bytes(range(256)), os.urandom(64 * 1024)]
    for number, data in enumerate(values, 1):
        payload = {"data": data, "data_crc32c": google_crc32c.value(data)}
        version = client.add_secret_version(request={"parent": name, "payload": payload})
        assert version.name == f"{made.name}/versions/{number}" and version.state == STATE.ENABLED
        assert version.client_specified_payload_checksum
    for which, data in [*enumerate(values, 1), ("latest", values[-1])]:
        payload = client.access_secret_version(request={"name": f"{name}/versions/{which}"}).payload
        assert payload.data == data and payload.data_crc32c == google_crc32c.value(data)

    wrong = {"data": b"first", "data_crc32c": 1}
    refused(exceptions.BadRequest, client.add_secret_version, "INVALID_ARGUMENT", parent=name, payload=wrong)
    large = {"data": bytes(64 * 1024 + 1)}
    refused(exceptions.BadRequest, client.add_secret_version, "INVALID_ARGUMENT", parent=name, payload=large)
    refused(exceptions.BadRequest, client.add_secret_version, "INVALID_ARGUMENT", parent=name, payload={})

    versions = list(client.list_secret_versions(request={"parent": name, "page_size": 3}))
    assert [it.name.rsplit("/", 1)[1] for it in versions] == ["4", "3", "2", "1"], "the newest first, over two pages"
    states(client, name)
    client.delete_secret(request={"name": name})
    refused(exceptions.NotFound, client.get_secret, "NOT_FOUND", name=name)


def states(client, name):
    second = {"name": f"{name}/versions/2"}
    old = client.get_secret_version(request=second)
    off = client.disable_secret_version(request={**second, "etag": old.etag})
    assert off.state == STATE.DISABLED and off.etag != old.etag
    stale = {**second, "etag": old.etag}
    refused(exceptions.BadRequest, client.enable_secret_version, "FAILED_PRECONDITION", **stale)
    refused(exceptions.BadRequest, client.access_secret_version, "FAILED_PRECONDITION", **second)
    enabled = client.list_secret_versions(request={"parent": name, "filter": "state:ENABLED"})
    assert len(list(enabled)) == 3
    assert client.enable_secret_version(request=second).state == STATE.ENABLED
    gone = client.destroy_secret_version(request=second)
    assert gone.state == STATE.DESTROYED and gone.destroy_time
    refused(exceptions.BadRequest, client.access_secret_version, "FAILED_PRECONDITION", **second)
    refused(exceptions.BadRequest, client.enable_secret_version, "FAILED_PRECONDITION", **second)
    # The newest version counts as the latest one, whatever its state.
    client.disable_secret_version(request={"name": f"{name}/versions/4"})
    latest = {"name": f"{name}/versions/latest"}
    refused(exceptions.BadRequest, client.access_secret_version, "FAILED_PRECONDITION", **latest)

    secret = client.get_secret(request={"name": name})
    changed = {"name": name, "etag": secret.etag, "labels": {"team": "a"}, "version_aliases": {"stable": 3}}
    mask = field_mask_pb2.FieldMask(paths=["labels", "version_aliases"])
    secret = client.update_secret(request={"secret": changed, "update_mask": mask})
    assert secret.labels == {"team": "a"}
    assert client.access_secret_version(request={"name": f"{name}/versions/stable"}).payload.data == bytes(range(256))
    stale = {"secret": changed, "update_mask": mask}
    refused(exceptions.BadRequest, client.update_secret, "FAILED_PRECONDITION", **stale)


def main():
    host = urlsplit(sys.argv[1]).netloc
    transport = SecretManagerServiceRestTransport(host=host, url_scheme="http", credentials=AnonymousCredentials())
    client = api.SecretManagerServiceClient(transport=transport)
    for data in (b"", b"123456789", os.urandom(1000)):
        assert crc32c(data) == google_crc32c.value(data), "our checksum is Google's"
    whole_life(client, "projects/demo", {"replication": {"automatic": {}}})
    whole_life(client, "projects/demo/locations/europe-west1", {})
    replicas = {"replication": {"user_managed": {"replicas": [{"location": "europe-west1"}]}}}
    whole_life(client, "projects/123", replicas)

    for number in range(5):
        secret = {"replication": {"automatic": {}}}
        client.create_secret(request={"parent": "projects/demo", "secret_id": f"s{number}", "secret": secret})
    listed = list(client.list_secrets(request={"parent": "projects/demo", "page_size": 2}))
    assert [it.name.rsplit("/", 1)[1] for it in listed] == ["s4", "s3", "s2", "s1", "s0"]
    found = list(client.list_secrets(request={"parent": "projects/demo", "filter": "name:s3"}))
    assert len(found) == 1
    refused(exceptions.Forbidden, client.get_secret, "PERMISSION_DENIED", name="projects/denied/secrets/app")
    print("fine")


if __name__ == "__main__":
    main()
