"""Clients of the JSON protocols, and trapheus.request, against moto, which verifies their signatures; and
requests with paths that are easily signed wrongly, against botocore's signatures."""

import hashlib
import urllib.parse

import botocore.auth
import pytest
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from test_sign_in import Quiet, serve


def test_services_of_every_protocol(peer, program):
    program.environment.update(AWS_ENDPOINT_URL=peer.url, AWS_REGION="us-east-1")
    process = program.start("tests/e2e/services.lua", where={flag: None for flag in program.where})
    result = program.finish(process)
    assert result.code == 0, result
    assert result.document == {
        "parameter": "v3", "parameters": 12, "secret": "made-up", "decrypted": True, "machine": "m",
        "missing": "ParameterNotFound", "put": 200, "object": "object"}, result


def signature_of(service, request, body, headers):
    """botocore's, of what has arrived: of the path and the headers as they are."""
    kind = botocore.auth.S3SigV4Auth if service == "s3" else botocore.auth.SigV4Auth
    signer = kind(Credentials("AKIDTEST", "hidden"), service, "us-east-1")
    asked = AWSRequest(method=request.command, url=f"http://{request.headers['Host']}{request.path}", data=body,
                       headers=headers)
    headers = signer.headers_to_sign(asked)
    asked.context["timestamp"] = request.headers["X-Amz-Date"]
    path = signer._normalize_url_path(urllib.parse.urlsplit(asked.url).path)
    canonical = "\n".join([request.command, path, signer.canonical_query_string(asked),
                           signer.canonical_headers(headers) + "\n", signer.signed_headers(headers),
                           hashlib.sha256(body).hexdigest()])
    return signer.signature(signer.string_to_sign(asked, canonical), asked)


@pytest.mark.parametrize("service", ["s3", "execute-api"])
def test_a_path_is_sent_and_signed_as_it_is(program, tmp_path, service):
    arrived = []

    class Signed(Quiet):
        def do_PUT(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            claim = dict(part.split("=") for part in self.headers["Authorization"].split(" ", 1)[1].split(", "))
            headers = {name: self.headers[name] for name in claim["SignedHeaders"].split(";")}
            assert ("x-amz-content-sha256" in headers) == (service == "s3")
            arrived.append((self.path, claim["Signature"] == signature_of(service, self, body, headers)))
            self.answer(200, "")

    paths = ["/b/a%20b/../c//d", "/b/./x", "/b/k%2By~z%21%C3%A9", "/"]
    lines = "".join(f'trapheus.request {{ service = "{service}", method = "PUT", path = "{path}", body = "x",\n'
                    'query = { b = "2 /", a = "", ["a-b"] = "\u00e9" }, headers = { { "X-Amz-Meta", " 1  2 " } } }\n'
                    for path in paths)
    script = tmp_path / "ask.lua"
    script.write_text(f'local trapheus = require "trapheus"\nreturn function()\n{lines}return 0\nend\n')
    with serve(Signed) as port:
        program.environment.update(AWS_ACCESS_KEY_ID="AKIDTEST", AWS_SECRET_ACCESS_KEY="hidden",
                                   AWS_REGION="us-east-1", AWS_ENDPOINT_URL=f"http://127.0.0.1:{port}")
        result = program.run(str(script), where={flag: None for flag in program.where})
    assert result.code == 0, result
    assert arrived == [(path + "?a=&a-b=%C3%A9&b=2%20%2F", True) for path in paths], arrived
