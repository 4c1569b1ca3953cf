"""OpenAI's administration API, checked by the types of its own SDK."""

import json
import pathlib
import re

import openai
from openai.types.admin.organization import Project, ProjectListParams as ProjectList
from openai.types.admin.organization import UsageCompletionsParams, UsageCostsParams
from openai.types.admin.organization.projects import ProjectAPIKey
from openai.types.admin.organization.projects import APIKeyListParams, APIKeyDeleteResponse
from openai.types.admin.organization.projects.service_accounts import APIKeyCreateParams, APIKeyCreateResponse
from openai.types.admin import organization as types
from providers import WORLD, Checked, Invalid, Provider, Refused, answered, letters, provider, query_of

NAME = "openai"
SOURCES = pathlib.Path(openai.__file__).parent / "resources/admin/organization"


def source_has(file, *texts):
    """The SDK itself sends such requests."""
    text = (SOURCES / file).read_text()
    for wanted in texts:
        assert wanted in text, f"{file} of the SDK has no {wanted}"


source_has("projects/projects.py", '"/organization/projects"')
source_has("projects/api_keys.py", '"/organization/projects/{project_id}/api_keys"')
source_has("projects/api_keys.py", "self._delete(", '"/organization/projects/{project_id}/api_keys/{api_key_id}"')
source_has("projects/service_accounts/api_keys.py", "self._post(",
           '"/organization/projects/{project_id}/service_accounts/{service_account_id}/api_keys"')

USAGE = {
    "completions": ("completions", {"input_tokens": 10, "output_tokens": 5}),
    "embeddings": ("embeddings", {"input_tokens": 10}),
    "images": ("images", {"images": 1}),
    "audio_transcriptions": ("audio_transcriptions", {"seconds": 1}),
    "audio_speeches": ("audio_speeches", {"characters": 1}),
}
source_has("usage.py", '"/organization/costs"', *(f'"/organization/usage/{name}"' for name in USAGE))


def model(name, kind):
    return getattr(types, f"Usage{name.title().replace('_', '')}{kind}")


PROJECTS, KEYS, CREATE, COSTS = map(Checked, (ProjectList, APIKeyListParams, APIKeyCreateParams, UsageCostsParams))
PARAMS = {name: Checked(model(name, "Params")) for name in USAGE}


def limited(given, most, default):
    limit = given.get("limit", default)
    if not 1 <= limit <= most:
        raise Invalid(f"limit is {limit}: it ranges from 1 to {most}")
    return limit


def page(items, given, most):
    after = given.get("after")
    ids = [item["id"] for item in items]
    if after is not None and after not in ids:
        raise Refused(400, f"after: no such object: {after}")
    rest = items[ids.index(after) + 1:] if after else items
    data, more = WORLD.cut(rest, limited(given, most, 20))
    ends = [data[0]["id"], data[-1]["id"]] if data else [None, None]
    return {"object": "list", "data": data, "first_id": ends[0], "last_id": ends[1], "has_more": more}


@provider
class OpenAI(Provider):
    name = NAME
    hosts = ("api.openai.com",)

    def create(self, given):
        number = WORLD.next()
        of_user = given.get("owner_type") == "user"
        body = letters(74) + "T3BlbkFJ" + letters(73) + "A"
        value = given.pop("value", None) or ("sk-proj-" if of_user else "sk-svcacct-") + body
        return {
            "id": f"key_{number}", "name": f"key {number}", "value": value, "scope": "proj_1",
            "owner": f"user_{number}" if of_user else "svc_acct_1", "owner_type": "service_account", "access": "active",
            **given,
        }

    def login(self, headers):
        self.admin(headers.get("authorization", "").removeprefix("Bearer "), "sk-admin-")

    def projects(self, path, query, body, headers):
        self.login(headers)
        given = PROJECTS(query_of(query), path, strict=False)
        ids = sorted({"proj_1", *(key["scope"] for key in WORLD.of(NAME).values())})
        items = [{"id": id, "object": "organization.project", "name": id, "created_at": 1, "status": "active"}
                 for id in ids]
        return page([answered(Project, item) for item in items], given, 100)

    def keys(self, path, query, body, headers):
        self.login(headers)
        given = KEYS(query_of(query), path, strict=False)
        access = given.get("owner_project_access", "active")
        keys = [key for key in WORLD.of(NAME).values()
                if key["scope"] == path["project_id"] and access in ("any", key["access"])]
        return page([answered(ProjectAPIKey, self.shown(key)) for key in keys if key["active"]], given, 100)

    def shown(self, key):
        who = {"id": key["owner"], "name": key["owner"], "created_at": 1, "role": "member"}
        if key["owner_type"] == "user":
            who["email"] = "user@example.com"
        begin = re.match(r"sk-(?:[a-z]+-)?", key["value"])[0]
        return {
            "object": "organization.project.api_key", "id": key["id"], "name": key["name"],
            "redacted_value": begin + "*" * 24 + key["value"][-4:],
            "created_at": key["created"], "last_used_at": key["last_used"], "expires_at": key["expires"],
            "owner": {"type": key["owner_type"], key["owner_type"]: who}, "owner_project_access": key["access"],
        }

    def new(self, path, query, body, headers):
        self.login(headers)
        if query or headers.get("content-type") != "application/json":
            raise Invalid("the key that is wanted stands in a body of JSON")
        given = CREATE(json.loads(body), path, strict=True)
        seconds = given.get("expires_in_seconds")
        if seconds is not None and not 1 <= seconds <= 31536000:
            raise Invalid("expires_in_seconds ranges from 1 to 31536000")
        if not any(key["owner"] == path["service_account_id"] for key in WORLD.of(NAME).values()):
            raise Refused(404, f"No service account {path['service_account_id']}")
        expires = WORLD.now() + seconds if seconds else None
        key = WORLD.add(NAME, self.create({
            "name": given.get("name", ""), "scope": path["project_id"], "owner": path["service_account_id"],
            "expires": expires, "scopes": given.get("scopes"),
        }))
        return answered(APIKeyCreateResponse, {
            "object": "organization.project.service_account.api_key", "id": key["id"], "name": key["name"],
            "value": key["value"], "created_at": key["created"], "expires_at": expires,
        })

    def delete(self, path, query, body, headers):
        self.login(headers)
        if query or body:
            raise Invalid("a key is deleted by its address alone")
        key = WORLD.key(NAME, path["id"])
        if key["scope"] != path["project_id"]:
            raise Refused(404, f"No such key in {path['project_id']}")
        del WORLD.of(NAME)[key["id"]]
        return answered(APIKeyDeleteResponse, {
            "object": "organization.project.api_key.deleted", "id": key["id"], "deleted": True,
        })

    def usage(self, path, query, body, headers):
        self.login(headers)
        name = path["name"]
        given = PARAMS[name](query_of(query), path, strict=False)
        if given.get("bucket_width", "1d") != "1d" or given.get("group_by") != ["api_key_id"]:
            raise Invalid("the stand-in groups by key and day alone")
        kind, more = USAGE[name]
        row = lambda id, sums: {"object": f"organization.usage.{kind}.result", "api_key_id": id,
                                "num_model_requests": sums[0], **more}
        return self.buckets(given, 31, model(name, "Response"), row if name == "completions" else None)

    def costs(self, path, query, body, headers):
        self.login(headers)
        given = COSTS(query_of(query), path, strict=False)
        row = lambda id, sums: {"object": "organization.costs.result", "api_key_id": id,
                                "amount": {"value": sums[1], "currency": "usd"}}
        return self.buckets(given, 180, types.UsageCostsResponse, row)

    def buckets(self, given, most, model, row):
        days = sorted(WORLD.days(NAME, given["start_time"], given.get("end_time")).items())
        days = [day for day in days if day[0] >= int(given.get("page", "page_0").removeprefix("page_"))]
        some, more = WORLD.cut(days, limited(given, most, 7))
        data = [{"object": "bucket", "start_time": day, "end_time": day + 86400,
                 "results": [row(id, sums) for id, sums in rows.items()] if row else []} for day, rows in some]
        following = f"page_{some[-1][0] + 86400}" if more else None
        return answered(model, {"object": "page", "data": data, "has_more": more, "next_page": following})

    routes = (
        ("GET", "/v1/organization/projects", projects),
        ("GET", "/v1/organization/projects/(?P<project_id>[^/]+)/api_keys", keys),
        ("DELETE", "/v1/organization/projects/(?P<project_id>[^/]+)/api_keys/(?P<id>[^/]+)", delete),
        ("POST", "/v1/organization/projects/(?P<project_id>[^/]+)/service_accounts/(?P<service_account_id>[^/]+)/api_keys", new),
        ("GET", f"/v1/organization/usage/(?P<name>{'|'.join(USAGE)})", usage),
        ("GET", "/v1/organization/costs", costs),
    )
