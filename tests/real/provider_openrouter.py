"""OpenRouter's management of keys, checked by the types of its own SDK (tests/real/install.sh providers)."""

import hashlib
import json

from openrouter import components, operations
from providers import WORLD, Checked, Invalid, Provider, Refused, answered, iso, letters, provider, query_of
from pydantic import ValidationError

NAME = "openrouter"
WORKSPACE = "0df9e665-d932-5740-b2c7-b52af166bc11"


def query_checked(request, query, path=None):
    """Of a request of the SDK, which has parameters of the path and the query, and headers."""
    given = {**query_of(query), **(path or {})}
    names = {field.alias or name for name, field in request.model_fields.items()}
    unknown = given.keys() - names
    if unknown:
        raise Invalid(f"unknown parameters: {', '.join(sorted(unknown))}")
    try:
        return request.model_validate(given)
    except ValidationError as error:
        raise Invalid(str(error)) from None


CREATE = Checked(operations.CreateKeysRequestBodyTypedDict)
UPDATE = Checked(operations.UpdateKeysRequestBodyTypedDict)


@provider
class OpenRouter(Provider):
    name = NAME
    hosts = ("openrouter.ai",)

    def create(self, given):
        number = WORLD.next()
        value = given.pop("value", None) or "sk-or-v1-" + letters(64, "0123456789abcdef")
        return {
            "id": hashlib.sha256(value.encode()).hexdigest(), "name": f"key {number}", "value": value, "disabled": False,
            "scope": WORKSPACE, "limit": None, "limit_reset": None, "include_byok_in_limit": False, "owner": None,
            "external_user": None, **given,
        }

    def login(self, headers):
        self.admin(headers.get("authorization", "").removeprefix("Bearer "), "sk-or-v1-")

    def shown(self, key):
        value, zero = key["value"], 0.0
        cost = sum(use[4] for use in WORLD.uses if use[0] == NAME and use[1] == key["id"])
        return {
            "hash": key["id"], "name": key["name"], "label": f"{value[:12]}...{value[-3:]}", "disabled": key["disabled"],
            "limit": key["limit"], "limit_remaining": key["limit"], "limit_reset": key["limit_reset"],
            "include_byok_in_limit": key["include_byok_in_limit"], "workspace_id": key["scope"],
            "creator_user_id": key["owner"], "external_user": key["external_user"], "created_at": iso(key["created"]),
            "updated_at": None, "expires_at": iso(key["expires"]) if key["expires"] else None,
            "last_used_at": iso(key["last_used"]) if key["last_used"] else None,
            "usage": cost, "usage_daily": zero, "usage_weekly": zero, "usage_monthly": cost,
            "byok_usage": zero, "byok_usage_daily": zero, "byok_usage_weekly": zero, "byok_usage_monthly": zero,
        }

    def workspaces(self, path, query, body, headers):
        self.login(headers)
        given = query_checked(operations.ListWorkspacesRequest, query)
        ids = sorted({WORKSPACE, *(key["scope"] for key in WORLD.of(NAME).values())})
        items = [{
            "id": id, "name": id, "slug": id, "created_at": iso(1), "created_by": None, "default_guardrail_id": id,
            "default_image_model": None, "default_provider_sort": None, "default_text_model": None, "description": None,
            "io_logging_api_key_ids": None, "io_logging_sampling_rate": 1.0, "is_data_discount_logging_enabled": False,
            "is_observability_broadcast_enabled": False, "is_observability_io_logging_enabled": False, "updated_at": None,
        } for id in ids]
        data, _ = WORLD.cut(items[given.offset or 0:], given.limit or 50)
        return answered(components.ListWorkspacesResponse, {"data": data, "total_count": len(items)})

    def keys(self, path, query, body, headers):
        self.login(headers)
        given = query_checked(operations.ListRequest, query)
        keys = [key for key in WORLD.of(NAME).values()
                if key["scope"] == (given.workspace_id or WORKSPACE) and (given.include_disabled or not key["disabled"])
                and (given.include_expired or not key["expires"] or key["expires"] > WORLD.now())]
        data, _ = WORLD.cut([self.shown(key) for key in keys][given.offset or 0:], 100)
        return answered(operations.ListResponse, {"data": data})

    def new(self, path, query, body, headers):
        self.login(headers)
        if query or headers.get("content-type") != "application/json":
            raise Invalid("the key that is wanted stands in a body of JSON")
        # A number without a fraction is a number as well; times are texts.
        given = CREATE(json.loads(body), path, strict=True)
        expires = given.get("expires_at")
        key = WORLD.add(NAME, self.create({
            "name": given["name"], "scope": given.get("workspace_id", WORKSPACE), "owner": given.get("creator_user_id"),
            "expires": int(expires.timestamp()) if expires else None, "limit": given.get("limit"),
            "limit_reset": given.get("limit_reset"), "include_byok_in_limit": given.get("include_byok_in_limit", False),
            "external_user": given.get("external", {}).get("user"),
        }))
        return answered(operations.CreateKeysResponse, {"data": self.shown(key), "key": key["value"]})

    def update(self, path, query, body, headers):
        self.login(headers)
        if query or headers.get("content-type") != "application/json":
            raise Invalid("what is changed stands in a body of JSON")
        given = UPDATE(json.loads(body), path, strict=True)
        key = WORLD.key(NAME, path["hash"])
        key.update(given)
        key["active"] = not key["disabled"]
        return answered(operations.UpdateKeysResponse, {"data": self.shown(key)})

    def delete(self, path, query, body, headers):
        self.login(headers)
        if query or body:
            raise Invalid("a key is deleted by its address alone")
        WORLD.key(NAME, path["hash"])
        del WORLD.of(NAME)[path["hash"]]
        return answered(operations.DeleteKeysResponse, {"deleted": True})

    def activity(self, path, query, body, headers):
        self.login(headers)
        given = query_checked(operations.GetUserActivityRequest, query)
        today = WORLD.now() - WORLD.now() % 86400
        data = []
        for day, uses in WORLD.days(NAME, today - 30 * 86400, today).items():
            for id, (requests, cost) in uses.items():
                if given.api_key_hash not in (None, id):
                    continue
                # One row for each model, as OpenRouter has it.
                for part in range(2):
                    data.append({
                        "date": iso(day)[:10], "model": f"m{part}", "model_permaslug": f"m{part}", "endpoint_id": "e",
                        "provider_name": "p", "requests": requests - 1 if part else 1, "usage": 0.0 if part else cost,
                        "prompt_tokens": 1, "completion_tokens": 1, "reasoning_tokens": 0, "cached_tokens": 0,
                        "byok_usage_inference": 0.0,
                    })
        return answered(components.ActivityResponse, {"data": data})

    def current(self, path, query, body, headers):
        return self.use("GET", "/api/v1/key", headers)

    def error(self, refused):
        return {"error": {"code": refused.status, "message": refused.message}}

    routes = (
        ("GET", "/api/v1/workspaces", workspaces),
        ("GET", "/api/v1/keys", keys),
        ("POST", "/api/v1/keys", new),
        ("PATCH", "/api/v1/keys/(?P<hash>[^/]+)", update),
        ("DELETE", "/api/v1/keys/(?P<hash>[^/]+)", delete),
        ("GET", "/api/v1/activity", activity),
        ("GET", "/api/v1/key", current),
    )
