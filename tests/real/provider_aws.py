"""Amazon's IAM: requests are checked by the service model and the signer of botocore, answers are read by its parser."""

import base64
import datetime
from urllib.parse import parse_qsl
from xml.sax.saxutils import escape

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.loaders
import botocore.model
import botocore.parsers
import botocore.validate
from providers import WORLD, Invalid, Provider, Refused, iso, letters, provider

NAME = "aws-bedrock"
LOADER = botocore.loaders.Loader()
MODEL = botocore.model.ServiceModel(LOADER.load_service_model("iam", "service-2"), "iam")
PARSER = botocore.parsers.create_parser("query")
SPACE = MODEL.metadata["xmlNamespace"]
UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def typed(shape, text):
    """What a parameter of the query protocol means."""
    if shape.type_name in ("integer", "long"):
        return int(text)
    if shape.type_name == "boolean":
        if text not in ("true", "false"):
            raise Invalid(f"{text} is no boolean")
        return text == "true"
    if getattr(shape, "enum", None) and text not in shape.enum:
        raise Invalid(f"{text} is none of {shape.enum}")
    return text


def xml(shape, value):
    """A value as the model writes it."""
    if shape.type_name == "structure":
        unknown = value.keys() - shape.members.keys()
        assert not unknown, f"{shape.name} has no {unknown}"
        return "".join(f"<{name}>{xml(shape.members[name], it)}</{name}>" for name, it in value.items() if it is not None)
    if shape.type_name == "list":
        return "".join(f"<member>{xml(shape.member, it)}</member>" for it in value)
    if shape.type_name == "boolean":
        return "true" if value else "false"
    return escape(iso(value) if shape.type_name == "timestamp" else str(value))


@provider
class Aws(Provider):
    name = NAME
    hosts = ("iam.amazonaws.com", "bedrock.us-east-1.amazonaws.com")

    def create(self, given):
        """`kind` is `bedrock` or nothing."""
        user = given.pop("owner", "jane")
        key = {"owner": user, "kind": given.pop("kind", "access"), "secret": letters(40), **given}
        if key["kind"] == "bedrock":
            key.setdefault("id", "ACCA" + letters(16, UPPER))
            key.setdefault("alias", f"BedrockAPIKey-{letters(4).lower()}-at-123456789012")
            key["value"] = "ABSK" + base64.b64encode(f"{key['alias']}:{letters(60)}=".encode()).decode()
        else:
            key.setdefault("id", "AKIA" + letters(16, UPPER))
            key["value"] = key["id"]
        return key

    def serve(self, method, path, query, body, headers):
        if method != "POST" or path != "/" or query:
            return self.use(method, path, headers)
        if not headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            raise Invalid("the query protocol posts a form")
        user = self.check_signature(body, headers)
        given = dict(parse_qsl(body, keep_blank_values=True, strict_parsing=True))
        action, version = given.pop("Action"), given.pop("Version")
        if version != MODEL.api_version or action not in MODEL.operation_names:
            raise Invalid(f"{action} of {version} is none of its actions")
        if user and (action != "GetUser" or WORLD.admins.get("aws-silent")):
            raise Refused(403, f"User: arn:aws:iam::123456789012:user/{user} is not authorized to perform: iam:{action}")
        operation = MODEL.operation_model(action)
        members = operation.input_shape.members if operation.input_shape else {}
        if given.keys() - members.keys():
            raise Invalid(f"{action} takes no {', '.join(given.keys() - members.keys())}")
        given = {name: typed(members[name], text) for name, text in given.items()}
        report = botocore.validate.ParamValidator().validate(given, operation.input_shape)
        if report.has_errors():
            raise Invalid(report.generate_report())
        if action in WORLD.admins.get("aws-denied", []):
            raise Refused(403, f"User: x is not authorized to perform: iam:{action}")
        answer = getattr(self, action)(**given)
        inside = f"<{action}Result>{xml(operation.output_shape, answer)}</{action}Result>" if answer is not None else ""
        text = (f'<{action}Response xmlns="{SPACE}">{inside}<ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>'
                f"</{action}Response>")
        said = PARSER.parse({"body": text.encode(), "headers": {}, "status_code": 200}, operation.output_shape)
        assert answer is None or all(name in said for name, it in answer.items() if it is not None), said
        return text

    def check_signature(self, body, headers):
        """Whose key signed; none of the administrator's."""
        wanted, user = WORLD.admins.get(NAME, "AKIAADMIN:secret").split(":"), None
        parts = dict(it.strip().split("=", 1) for it in headers.get("authorization", "").removeprefix("AWS4-HMAC-SHA256").split(","))
        id, day, region, service, end = parts["Credential"].split("/")
        own = WORLD.of(NAME).get(id)
        if own and own["kind"] == "access":
            if not own["active"]:
                raise Refused(403, "The security token included in the request is invalid.")
            wanted, user = (id, own["secret"]), own["owner"]
        elif id.startswith("AKIA") and id != wanted[0]:
            raise Refused(403, "The security token included in the request is invalid.")
        if (region, service, end) != ("us-east-1", "iam", "aws4_request"):
            raise Invalid(f"IAM is signed for us-east-1, and not for {region}/{service}")
        request = botocore.awsrequest.AWSRequest("POST", f"https://{headers['host']}/", data=body.encode())
        for name in parts["SignedHeaders"].split(";"):
            request.headers[name] = headers[name]
        request.context["timestamp"] = headers["x-amz-date"]
        skew = datetime.datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=datetime.UTC).timestamp()
        if abs(skew - WORLD.now()) > 300:
            raise Refused(403, "Signature expired")
        signer = botocore.auth.SigV4Auth(botocore.credentials.Credentials(wanted[0], wanted[1]), service, region)
        text = signer.string_to_sign(request, signer.canonical_request(request))
        if id != wanted[0] or signer.signature(text, request) != parts["Signature"]:
            raise Refused(403, "The request signature we calculated does not match the signature you provided.")
        return user

    def error(self, refused):
        code = {404: "NoSuchEntity", 409: "LimitExceeded", 403: "AccessDenied", 401: "AccessDenied"}.get(refused.status, "ServiceFailure")
        if refused.status == 429:
            refused.status, code = 400, "Throttling"
        return (f'<ErrorResponse xmlns="{SPACE}"><Error><Type>Sender</Type><Code>{code}</Code>'
                f"<Message>{escape(refused.message)}</Message></Error><RequestId>1</RequestId></ErrorResponse>")

    # The actions, under the names that Amazon gives them and their parameters.

    def paged(self, items, Marker, MaxItems):
        first = int(Marker or 0)
        data, more = WORLD.cut(items[first:], MaxItems or 100)
        return data, {"IsTruncated": more, "Marker": str(first + len(data)) if more else None}

    def of(self, kind, user):
        keys = [key for key in WORLD.of(NAME).values() if key["kind"] == kind]
        return [key for key in keys if user in (None, key["owner"])]

    def found(self, id, user):
        key = WORLD.key(NAME, id)
        if user not in (None, key["owner"]):
            raise Refused(404, f"The user with name {user} has no key {id}")
        return key

    def ListUsers(self, PathPrefix=None, Marker=None, MaxItems=None):
        names = sorted({key["owner"] for key in WORLD.of(NAME).values()})
        data, page = self.paged(names, Marker, MaxItems)
        users = [{"Path": "/", "UserName": it, "UserId": "AIDA" + "A" * 16, "CreateDate": 1,
                  "Arn": f"arn:aws:iam::123456789012:user/{it}"} for it in data]
        return {"Users": users, **page}

    def GetUser(self, UserName=None):
        return {"User": {"Path": "/", "UserName": "jane", "UserId": "AIDA" + "A" * 16, "CreateDate": 1,
                         "Arn": "arn:aws:iam::123456789012:user/jane"}}

    def access(self, key):
        return {"UserName": key["owner"], "AccessKeyId": key["id"], "Status": "Active" if key["active"] else "Inactive",
                "CreateDate": key["created"]}

    def ListAccessKeys(self, UserName=None, Marker=None, MaxItems=None):
        data, page = self.paged(self.of("access", UserName or "jane"), Marker, MaxItems)
        return {"AccessKeyMetadata": [self.access(key) for key in data], **page}

    def GetAccessKeyLastUsed(self, AccessKeyId):
        key = WORLD.key(NAME, AccessKeyId)
        place = {"ServiceName": "bedrock", "Region": "us-east-1"} if key["last_used"] else {"ServiceName": "N/A", "Region": "N/A"}
        return {"UserName": key["owner"], "AccessKeyLastUsed": {"LastUsedDate": key["last_used"], **place}}

    def CreateAccessKey(self, UserName=None):
        if len(self.of("access", UserName)) >= 2:
            raise Refused(409, "Cannot exceed quota for AccessKeysPerUser: 2")
        key = WORLD.add(NAME, self.create({"owner": UserName or "jane"}))
        return {"AccessKey": {**self.access(key), "SecretAccessKey": key["secret"]}}

    def UpdateAccessKey(self, AccessKeyId, Status, UserName=None):
        self.found(AccessKeyId, UserName)["active"] = Status == "Active"

    def DeleteAccessKey(self, AccessKeyId, UserName=None):
        self.found(AccessKeyId, UserName)
        del WORLD.of(NAME)[AccessKeyId]

    def bedrock(self, key):
        return {"UserName": key["owner"], "Status": "Active" if key["active"] else "Inactive",
                "ServiceCredentialAlias": key["alias"], "CreateDate": key["created"], "ExpirationDate": key["expires"],
                "ServiceSpecificCredentialId": key["id"], "ServiceName": "bedrock.amazonaws.com"}

    def ListServiceSpecificCredentials(self, UserName=None, ServiceName=None, AllUsers=False, Marker=None, MaxItems=None):
        if ServiceName != "bedrock.amazonaws.com" or (AllUsers and UserName):
            raise Invalid("all keys of Bedrock, or those of one user")
        data, page = self.paged(self.of("bedrock", None if AllUsers else UserName or "jane"), Marker, MaxItems)
        return {"ServiceSpecificCredentials": [self.bedrock(key) for key in data], **page}

    def CreateServiceSpecificCredential(self, UserName, ServiceName, CredentialAgeDays=None):
        if ServiceName != "bedrock.amazonaws.com":
            raise Invalid("this is no key of Bedrock")
        if len(self.of("bedrock", UserName)) >= 2:
            raise Refused(409, "Cannot exceed quota for ServiceSpecificCredentialsPerUser: 2")
        expires = WORLD.now() + CredentialAgeDays * 86400 if CredentialAgeDays else None
        key = WORLD.add(NAME, self.create({"owner": UserName, "kind": "bedrock", "expires": expires}))
        return {"ServiceSpecificCredential": {**self.bedrock(key), "ServiceCredentialSecret": key["value"]}}

    def UpdateServiceSpecificCredential(self, ServiceSpecificCredentialId, Status, UserName=None):
        self.found(ServiceSpecificCredentialId, UserName)["active"] = Status == "Active"

    def DeleteServiceSpecificCredential(self, ServiceSpecificCredentialId, UserName=None):
        self.found(ServiceSpecificCredentialId, UserName)
        del WORLD.of(NAME)[ServiceSpecificCredentialId]
