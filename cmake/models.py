"""Makes lua/trapheus/aws/models from botocore's data (Apache-2.0): python cmake/models.py BOTOCORE_DATA_DIRECTORY

Documentation is left out and the rest minified; nothing else is changed. A file that is there is left as it is:
remove it to have it anew. Run where botocore is installed:
python cmake/models.py "$(python -c 'import botocore, os; print(os.path.join(os.path.dirname(botocore.__file__), "data"))')"
"""

import gzip
import json
import pathlib
import sys

MODELS = pathlib.Path(__file__).parent.parent / "lua/trapheus/aws/models"

#: Our name of a service, and botocore's.
SERVICES = {
    "iam": "iam",
    "kms": "kms",
    "rds": "rds",
    "secretsmanager": "secretsmanager",
    "ses": "ses",
    "sesv2": "sesv2",
    "sns": "sns",
    "ssm": "ssm",
    "states": "stepfunctions",
    "sts": "sts",
}
#: Called at its own endpoint, but not by a client of ours: its protocol is another.
ENDPOINT_ONLY = {"sesv2"}
FILES = {
    "service-2.json": "json",
    "endpoint-rule-set-1.json": "endpoints.json",
    "paginators-1.json": "paginators.json",
    "waiters-2.json": "waiters.json",
}


def slim(value):
    if isinstance(value, dict):
        return {key: slim(inner) for key, inner in value.items()
                if not (key == "documentation" and isinstance(inner, str))}
    return [slim(inner) for inner in value] if isinstance(value, list) else value


def read(path):
    packed = path.with_name(path.name + ".gz")
    return json.loads(gzip.decompress(packed.read_bytes()) if packed.exists() else path.read_bytes())


def main(data):
    for name, theirs in SERVICES.items():
        version = max(path for path in (pathlib.Path(data) / theirs).iterdir() if path.is_dir())
        for file, extension in FILES.items():
            path = version / file
            if name in ENDPOINT_ONLY and extension != "endpoints.json":
                continue
            if (MODELS / f"{name}.{extension}").exists():
                continue
            if path.exists() or path.with_name(file + ".gz").exists():
                text = json.dumps(slim(read(path)), separators=(",", ":"), ensure_ascii=False)
                (MODELS / f"{name}.{extension}").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
