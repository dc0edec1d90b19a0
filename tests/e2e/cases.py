"""Configurations as people have them: files, variables and flags, for botocore and for us to resolve.

A case is a dictionary: `config` and `credentials` (texts of the shared files), `environment`, `profile`, `region`
and `endpoint_url` (as flags), `service` (whose endpoint is asked for), `files` (below the home directory). `{home}`,
`{port}` stand for the home directory and for the port of the local services in every text.
"""

import hashlib
import itertools
import json

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDENV", "AWS_SECRET_ACCESS_KEY": "env-secret"}
TOKEN = {"AWS_SESSION_TOKEN": "env-token"}
CONTAINER = {"AWS_CONTAINER_CREDENTIALS_FULL_URI": "http://127.0.0.1:{port}/container"}
METADATA = {
    "AWS_EC2_METADATA_DISABLED": "false",
    "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:{port}/",
}
POD = {
    "AWS_WEB_IDENTITY_TOKEN_FILE": "{home}/token",
    "AWS_ROLE_ARN": "arn:aws:iam::123456789012:role/pod",
}
TOKEN_FILE = {"token": "web-identity-token"}

SHARED = """[default]
aws_access_key_id = AKIDSHARED
aws_secret_access_key = shared-secret
[orders]
aws_access_key_id = AKIDORDERS
aws_secret_access_key = orders-secret
aws_session_token = orders-token
"""

CONFIG = """[default]
region = eu-central-1
[profile orders]
region = eu-west-1
[profile plain]
region = ap-southeast-2
aws_access_key_id = AKIDPLAIN
aws_secret_access_key = plain-secret
"""

FAR_FUTURE = "2099-01-01T00:00:00Z"


def role(name, **settings):
    lines = [f"[profile {name}]", f"role_arn = arn:aws:iam::123456789012:role/{name}"]
    return "\n".join(lines + [f"{key} = {value}" for key, value in settings.items()]) + "\n"


def process(script):
    return f"[default]\nregion = us-east-1\ncredential_process = {script}\n"


def printed(**document):
    text = json.dumps({"Version": 1, "AccessKeyId": "AKIDRUN", "SecretAccessKey": "run", **document})
    return process(f"echo '{text}'")


def sso(*without, session=True, **more):
    """A profile of IAM Identity Center."""
    shared = {"sso_region": "us-east-1", "sso_start_url": "https://corp.example/start"}
    own = {"sso_account_id": "123456789012", "sso_role_name": "Restore", **more}
    if session:
        own["sso_session"] = "corp"
    else:
        own.update(shared)
    lines = ["[profile dev]", "region = us-east-1"]
    lines += [f"{key} = {value}" for key, value in own.items() if key not in without]
    lines += ["[sso-session corp]"]
    lines += [f"{key} = {value}" for key, value in shared.items() if key not in without]
    return "\n".join(lines) + "\n"


def signed_in(key, **changes):
    token = {"accessToken": "sso-token", "expiresAt": FAR_FUTURE, **changes}
    name = hashlib.sha1(key.encode()).hexdigest()
    return {f".aws/sso/cache/{name}.json": json.dumps(token)}


def key_cases():
    """Who signs: every combination of the places where keys may stand."""
    environments = [{}, KEYS, {**KEYS, **TOKEN}, {"AWS_ACCESS_KEY_ID": "AKIDENV"}]
    chosen = [{}, {"profile": "orders"}, {"variable": "orders"}, {"profile": "plain"}, {"variable": "plain"}]
    files = [{}, {"credentials": SHARED}, {"config": CONFIG}, {"config": CONFIG, "credentials": SHARED}]
    for environment, choice, texts in itertools.product(environments, chosen, files):
        case = {"environment": dict(environment), **texts}
        if "profile" in choice:
            case["profile"] = choice["profile"]
        if "variable" in choice:
            case["environment"]["AWS_PROFILE"] = choice["variable"]
        yield case
    both = {"config": CONFIG, "credentials": SHARED}
    yield {**both, "environment": {"AWS_PROFILE": "plain", "AWS_DEFAULT_PROFILE": "orders"}}
    yield {**both, "environment": {**KEYS, "AWS_SECURITY_TOKEN": "old", "AWS_SESSION_TOKEN": "new"}}
    yield {**both, "profile": "ordres"}
    yield {**both, "environment": {"AWS_PROFILE": "gone", **KEYS}}
    yield {"credentials": "[default]\naws_access_key_id = A\n"}
    yield {"credentials": "[default]\naws_secret_access_key = only\n"}
    yield {"config": "[profile default]\naws_access_key_id = P\naws_secret_access_key = s\n"}
    yield {"config": "[default]\naws_access_key_id = C\naws_secret_access_key = c\n", "credentials": SHARED}
    yield {"credentials": "[default]\naws_access_key_id = A\naws_secret_access_key = s\naws_security_token = old\n"}
    yield {"config": '[profile "with space"]\naws_access_key_id = W\naws_secret_access_key = s\n',
           "profile": "with space"}
    yield {"config": "[orders]\naws_access_key_id = W\naws_secret_access_key = s\n", "profile": "orders"}


def order_cases():
    """What comes first, of sources of every kind."""
    sources = [KEYS, POD, CONTAINER, METADATA]
    for size in range(2, 5):
        for some in itertools.combinations(sources, size):
            environment = {key: value for source in some for key, value in source.items()}
            yield {"environment": environment, "files": TOKEN_FILE}
            yield {"environment": environment, "files": TOKEN_FILE, "credentials": SHARED}
    for source in (POD, CONTAINER, METADATA):
        yield {"environment": source, "files": TOKEN_FILE}
        yield {"environment": source, "files": TOKEN_FILE, "config": CONFIG, "profile": "orders"}
        yield {"environment": source, "files": TOKEN_FILE, "config": printed()}
        yield {"environment": source, "files": TOKEN_FILE, "config": printed(), "profile": "default"}
    yield {"config": printed(), "credentials": SHARED}
    yield {"config": printed() + "aws_access_key_id = C\naws_secret_access_key = c\n"}
    yield {"config": sso(credential_process="false"), "profile": "dev", "files": signed_in("corp")}


def role_cases():
    base = CONFIG + "[profile loop-a]\nrole_arn = arn:x\nsource_profile = loop-b\n"
    base += "[profile loop-b]\nrole_arn = arn:x\nsource_profile = loop-a\n"
    base += role("middle", source_profile="plain", external_id="ext", duration_seconds="900")
    for settings in (
        {"source_profile": "plain"},
        {"source_profile": "plain", "role_session_name": "me", "external_id": "xx"},
        {"source_profile": "middle"},
        {"source_profile": "orders"},
        {"source_profile": "gone"},
        {"source_profile": "loop-a"},
        {"source_profile": "top"},
        {"source_profile": "plain", "credential_source": "Environment"},
        {"credential_source": "Environment"},
        {"credential_source": "environment"},
        {"credential_source": "EcsContainer"},
        {"credential_source": "Ec2InstanceMetadata"},
        {"credential_source": "Nonsense"},
        {"source_profile": "plain", "duration_seconds": "an hour"},
        {"source_profile": "plain", "web_identity_token_file": "{home}/token"},
        {},
        {"source_profile": "top", "aws_access_key_id": "AKIDTOP", "aws_secret_access_key": "top-secret"},
    ):
        for environment in ({}, {**KEYS, **CONTAINER, **METADATA}):
            yield {"config": base + role("top", **settings), "credentials": SHARED, "profile": "top",
                   "environment": environment, "files": TOKEN_FILE}
    yield {"config": base + role("top", source_profile="plain"), "environment": {"AWS_PROFILE": "top", **KEYS}}
    yield {"config": base + role("top", source_profile="plain"), "environment": {"AWS_PROFILE": "top"}}
    yield {"config": base + role("denied", source_profile="plain"), "profile": "denied"}
    yield {"config": base, "profile": "loop-a"}
    yield {"config": CONFIG + role("top", source_profile="run") + printed().replace("default", "profile run"),
           "profile": "top"}
    yield {"config": sso() + role("top", source_profile="dev"), "profile": "top", "files": signed_in("corp")}
    for missing in POD:
        environment = {key: value for key, value in POD.items() if key != missing}
        yield {"environment": environment, "files": TOKEN_FILE, "config": CONFIG}
    yield {"environment": {**POD, "AWS_ROLE_SESSION_NAME": "pod"}, "files": TOKEN_FILE}
    yield {"environment": POD, "files": {}}


def service_cases():
    """IAM Identity Center, programs, containers, the metadata service."""
    url = "https://corp.example/start"
    old = {"expiresAt": "2020-01-01T00:00:00Z"}
    renewable = {"refreshToken": "r", "clientId": "c", "clientSecret": "s", "registrationExpiresAt": FAR_FUTURE}
    for config, files in (
        (sso(), signed_in("corp")),
        (sso(session=False), signed_in(url)),
        (sso(), {}),
        (sso(session=False), {}),
        (sso(), signed_in("corp", **old)),
        (sso(session=False), signed_in(url, **old)),
        (sso(), signed_in("corp", accessToken="refused")),
        (sso(), signed_in("corp", **old, **renewable)),
        (sso(), signed_in("corp", **old, **{**renewable, "refreshToken": "refused"})),
        (sso(), signed_in("corp", **old, **{**renewable, "registrationExpiresAt": old["expiresAt"]})),
        (sso(sso_region="eu-west-1"), signed_in("corp")),
        (sso().replace("sso-session corp", "sso-session other"), signed_in("corp")),
        (sso("sso_role_name"), signed_in("corp")),
        (sso("sso_region"), signed_in("corp")),
        (sso("sso_start_url", session=False), signed_in(url)),
    ):
        yield {"config": config, "files": files, "profile": "dev"}
    yield {"config": sso(), "files": signed_in("corp"), "environment": {"AWS_PROFILE": "dev"}}
    for script in ("false", "echo nonsense", "/nonexistent", "echo '[]'", "echo '{\"Version\": 2}'", "'unclosed",
                   "echo '{\"Version\": 1, \"AccessKeyId\": \"A\"}'"):
        yield {"config": process(script)}
    for document in ({}, {"SessionToken": "t"}, {"Expiration": FAR_FUTURE}, {"SecretAccessKey": "a b#c ;d"}):
        yield {"config": printed(**document)}
    yield {"config": "", "credentials": printed()}
    for uri in ("http://127.0.0.1:{port}/container", "http://127.0.0.1:{port}/refused", "http://10.1.2.3/", "http://x/",
                "http://127.0.0.1:{port}/garbage"):
        yield {"environment": {"AWS_CONTAINER_CREDENTIALS_FULL_URI": uri}}
    for more in ({"AWS_CONTAINER_AUTHORIZATION_TOKEN": "said"},
                 {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": "{home}/token"},
                 {"AWS_CONTAINER_AUTHORIZATION_TOKEN": "bad\nline"}):
        yield {"environment": {**CONTAINER, **more}, "files": TOKEN_FILE}
    for more in ({}, {"AWS_EC2_METADATA_DISABLED": "true"}, {"AWS_EC2_METADATA_DISABLED": "TRUE"},
                 {"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:{port}/none/"},
                 {"AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE": "ipv5"}):
        yield {"environment": {**METADATA, **more}}
    config = "[default]\nec2_metadata_service_endpoint = http://127.0.0.1:{port}\n"
    yield {"config": config, "environment": {"AWS_EC2_METADATA_DISABLED": "false"}}


def region_cases():
    for environment in ({}, {"AWS_REGION": "sa-east-1"}, {"AWS_DEFAULT_REGION": "ca-central-1"},
                        {"AWS_REGION": "sa-east-1", "AWS_DEFAULT_REGION": "ca-central-1"},
                        {"AWS_PROFILE": "orders"}, {"AWS_PROFILE": "orders", "AWS_REGION": "sa-east-1"}):
        yield {"environment": {**KEYS, **environment}, "config": CONFIG}
        yield {"environment": {**KEYS, **environment}, "config": CONFIG, "region": "us-gov-west-1"}
    for region in ("cn-north-1", "us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1", "us-isof-south-1",
                   "fips-us-east-1", "us-west-2-fips", "eu-north-7", "not a region", "-x-", "a.b"):
        for service in ("rds", "sts"):
            yield {"environment": KEYS, "region": region, "service": service}


def endpoint_cases():
    services = "[services local]\nrds =\n  endpoint_url = http://127.0.0.1:1\nsecrets_manager =\n" \
               "  endpoint_url = http://127.0.0.1:2\nsts =\n  region = x\n"
    config = "[default]\nregion = us-east-1\nservices = local\nendpoint_url = http://127.0.0.1:3\n" + services
    for environment in ({}, {"AWS_ENDPOINT_URL": "http://127.0.0.1:4"}, {"AWS_ENDPOINT_URL_RDS": "http://127.0.0.1:5"},
                        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true"},
                        {"AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"},
                        {"AWS_ENDPOINT_URL": "http://127.0.0.1:4", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:6"}):
        for service in ("rds", "secretsmanager", "sts"):
            yield {"environment": {**KEYS, **environment}, "config": config, "service": service}
        yield {"environment": {**KEYS, **environment}, "config": config, "endpoint_url": "http://127.0.0.1:7"}
    yield {"environment": KEYS, "config": config.replace("[services local]", "[services other]")}
    yield {"environment": KEYS, "config": config + "ignore_configured_endpoint_urls = true\n"}
    yield {"environment": KEYS, "config": config.replace("services = local", "ignore_configured_endpoint_urls = true")}
    for settings in ({"use_fips_endpoint": "true"}, {"use_dualstack_endpoint": "true"}, {"use_fips_endpoint": "no"},
                     {"use_fips_endpoint": "true", "use_dualstack_endpoint": "true"},
                     {"sts_regional_endpoints": "legacy"}, {"sts_regional_endpoints": "regional"}):
        lines = "".join(f"{key} = {value}\n" for key, value in settings.items())
        for region in ("us-east-1", "eu-west-1", "us-gov-west-1", "us-iso-east-1"):
            for service in ("rds", "sts"):
                yield {"environment": {**KEYS, "AWS_REGION": region}, "config": "[default]\n" + lines,
                       "service": service}
    yield {"environment": {**KEYS, "AWS_STS_REGIONAL_ENDPOINTS": "moon"}, "region": "us-east-1", "service": "sts"}
    for environment in ({"AWS_USE_FIPS_ENDPOINT": "true"}, {"AWS_USE_DUALSTACK_ENDPOINT": "true"},
                        {"AWS_USE_FIPS_ENDPOINT": "false"}, {"AWS_STS_REGIONAL_ENDPOINTS": "legacy"}):
        for service in ("rds", "sts"):
            yield {"environment": {**KEYS, **environment}, "service": service,
                   "config": "[default]\nregion = us-west-2\nuse_fips_endpoint = true\n"}


def file_cases():
    """The dialect of the files, and mistakes in them."""
    keys = "aws_access_key_id = K\naws_secret_access_key = s\n"
    for text in (
        "[default]\n" + keys + "region: eu-west-1\n",
        "[default]\nAWS_ACCESS_KEY_ID=K\nAws_Secret_Access_Key =s\nREGION=eu-west-1\n",
        "# note\n; note\n[default]\n\n" + keys + "  # deep\nregion = eu-west-1\n",
        "[default]\n" + keys + "s3 =\n  a = b\n  c = d\nregion = eu-west-1\n",
        "[default]\n" + keys + "s3 =\n  nonsense\nregion = eu-west-1\n",
        "[default]\r\n" + keys.replace("\n", "\r\n") + "region = eu-west-1\r\n",
        "[default]\naws_access_key_id = K\naws_secret_access_key = a=b;c#d%e\nregion = eu-west-1\n",
        "[default]\nnonsense\n" + keys,
        "stray = 1\n[default]\n" + keys,
        "[default]\n" + keys + "[default]\nregion = eu-west-1\n",
        "[default]\n" + keys + "region = a\nregion = b\n",
        "[default]\n= x\n" + keys,
        "[default]\n" + keys + "  \n\nregion = eu-west-1\n",
        "  [default]\n" + keys + "region = eu-west-1\n",
        "[profile unclosed \"]\nregion = x\n[default]\n" + keys + "region = eu-west-1\n",
        "",
    ):
        yield {"config": text}
        yield {"credentials": text}


def retry_cases():
    for environment in ({}, {"AWS_MAX_ATTEMPTS": "7"}, {"AWS_RETRY_MODE": "adaptive"}, {"AWS_MAX_ATTEMPTS": "many"},
                        {"AWS_MAX_ATTEMPTS": "0"}, {"AWS_RETRY_MODE": "fast"}, {"AWS_RETRY_MODE": "standard"}):
        for lines in ("", "max_attempts = 9\n", "retry_mode = adaptive\n"):
            yield {"environment": {**KEYS, **environment}, "config": "[default]\nregion = us-east-1\n" + lines}


def all_cases():
    parts = (key_cases, order_cases, role_cases, service_cases, region_cases, endpoint_cases, file_cases, retry_cases)
    for part in parts:
        for number, case in enumerate(part()):
            yield {"name": f"{part.__name__}-{number}", "service": "rds", "environment": {}, **case}
