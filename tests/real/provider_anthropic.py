"""Anthropic's administration API, checked by the types of its own SDK."""

import datetime
import json
import pathlib

import anthropic
from anthropic.types.beta.organization.analytics import cost_list_params, usage_list_params
from anthropic.types.beta.organization.analytics.beta_analytics_cost_item import BetaAnalyticsCostItem
from anthropic.types.beta.organization.analytics.beta_analytics_usage_item import BetaAnalyticsUsageItem
from anthropic.types.organization import api_key_list_params, api_key_update_params
from anthropic.types.organization.api_key import APIKey
from providers import WORLD, Checked, Invalid, Provider, Refused, answered, iso, letters, provider, query_of

NAME = "anthropic"
SOURCES = pathlib.Path(anthropic.__file__).parent / "resources"
BETA = "analytics-usage-cost-2026-08-24"

for file, texts in {
    "organization/api_keys.py": ['"/v1/organizations/api_keys"', '"/v1/organizations/api_keys/{api_key_id}"', "self._post("],
    "beta/organization/analytics/usage.py": ['"/v1/organizations/analytics/usage"', BETA],
    "beta/organization/analytics/cost.py": ['"/v1/organizations/analytics/cost"', BETA],
}.items():
    for text in texts:
        assert text in (SOURCES / file).read_text(), f"{file} of the SDK has no {text}"

LIST, UPDATE = Checked(api_key_list_params.APIKeyListParams), Checked(api_key_update_params.APIKeyUpdateParams)
REPORTS = {"usage": Checked(usage_list_params.UsageListParams), "cost": Checked(cost_list_params.CostListParams)}


@provider
class Anthropic(Provider):
    name = NAME
    hosts = ("api.anthropic.com",)

    def create(self, given):
        number = WORLD.next()
        return {
            "id": f"apikey_{number}", "name": f"key {number}", "value": f"sk-ant-api03-{letters(93)}AA", "status": "active",
            "scope": "wrkspc_1", "owner": None, **given,
        }

    def login(self, headers):
        if headers.get("anthropic-version") != "2023-06-01":
            raise Invalid("the header anthropic-version is missing")
        self.admin(headers.get("x-api-key", ""), "sk-ant-admin")

    def shown(self, key):
        value = key["value"]
        expired = key["expires"] and key["expires"] <= WORLD.now()
        principal = {"type": "service_account_actor", "service_account_id": key["owner"]} if key["owner"] else None
        # The form of the hint is that of the documentation: 16 characters, an ellipsis, 4 characters.
        return answered(APIKey, {
            "type": "api_key", "id": key["id"], "name": key["name"], "partial_key_hint": f"{value[:16]}...{value[-4:]}",
            "status": "expired" if expired else key["status"], "created_at": iso(key["created"]),
            "expires_at": iso(key["expires"]) if key["expires"] else None, "created_by": None, "principal": principal,
            "scope": {"type": "workspace", "workspace_id": key["scope"]} if key["scope"] else {"type": "organization"},
        })

    def keys(self, path, query, body, headers):
        self.login(headers)
        given = LIST(query_of(query), path, strict=False)
        if not 1 <= given.get("limit", 20) <= 1000:
            raise Invalid("limit ranges from 1 to 1000")
        keys = list(WORLD.of(NAME).values())
        ids = [key["id"] for key in keys]
        if "after_id" in given:
            keys = keys[ids.index(given["after_id"]) + 1:]
        data, more = WORLD.cut([self.shown(key) for key in keys], given.get("limit", 20))
        ends = [data[0]["id"], data[-1]["id"]] if data else [None, None]
        return {"data": data, "has_more": more, "first_id": ends[0], "last_id": ends[1]}

    def update(self, path, query, body, headers):
        self.login(headers)
        if query or headers.get("content-type") != "application/json":
            raise Invalid("what is changed stands in a body of JSON")
        given = UPDATE(json.loads(body), path, strict=True)
        key = WORLD.key(NAME, path["id"])
        if key["status"] == "archived":
            raise Refused(400, "an archived key stays archived")
        key.update(given)
        key["active"] = key["status"] == "active"
        return self.shown(key)

    def report(self, path, query, body, headers):
        self.login(headers)
        if BETA not in headers.get("anthropic-beta", ""):
            raise Invalid(f"requests must send {BETA} in anthropic-beta")
        # The SDK passes this one as a header.
        given = REPORTS[path["name"]]({**query_of(query)}, path, strict=False)
        start, end = (datetime.datetime.fromisoformat(str(given[name])) for name in ("starting_at", "ending_at"))
        if given.get("time_bucket_width") != "1d" or given.get("group_by") != ["api_key_id"]:
            raise Invalid("the stand-in groups by key and day alone")
        if end - start > datetime.timedelta(days=31) or end <= start:
            raise Invalid("The range may span at most 31 days")
        if not 1 <= given.get("limit", 20) <= 1000:
            raise Invalid("limit ranges from 1 to 1000")
        rows = []
        for day, uses in WORLD.days(NAME, int(start.timestamp()), int(end.timestamp())).items():
            for id, sums in uses.items():
                rows.append({"starting_at": iso(day), "ending_at": iso(day + 86400), "group": {"api_key_id": id},
                             **self.row(path["name"], sums)})
        rows.append({"starting_at": iso(int(start.timestamp())), "ending_at": iso(int(end.timestamp())), "group": {},
                     **self.row(path["name"], [1, 1.0])})
        model = BetaAnalyticsUsageItem if path["name"] == "usage" else BetaAnalyticsCostItem
        first = int((given.get("page") or "p0")[1:])
        data, more = WORLD.cut(rows[first:], given.get("limit", 20))
        return {"data": [answered(model, row) for row in data], "next_page": f"p{first + len(data)}" if more else None,
                "has_more": more}

    def row(self, name, sums):
        if name == "cost":
            cents = f"{sums[1] * 100:.4f}"
            return {"cost": {"amount": cents, "list_amount": cents, "currency": "USD", "requests": sums[0]}}
        return {"usage": {
            "requests": sums[0], "output_tokens": 5, "uncached_input_tokens": 10, "cache_read_input_tokens": 0,
            "total_tokens": 15, "cache_creation": {"ephemeral_1h_input_tokens": 0, "ephemeral_5m_input_tokens": 0},
            "server_tool_use": {"web_search_requests": 0},
        }}

    def error(self, refused):
        return {"type": "error", "error": {"type": "invalid_request_error", "message": refused.message}}

    routes = (
        ("GET", "/v1/organizations/api_keys", keys),
        ("POST", "/v1/organizations/api_keys/(?P<id>[^/]+)", update),
        ("GET", "/v1/organizations/analytics/(?P<name>usage|cost)", report),
    )
