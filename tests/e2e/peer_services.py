"""STS, IAM Identity Center, a container's endpoint and the EC2 metadata service, of this machine, for both sides."""

import contextlib
import hashlib
import http.server
import json
import threading
import urllib.parse

FAR_FUTURE = "2099-01-01T00:00:00Z"


def assumed(form):
    """The reply names the role and who asked, so that both sides must have asked the same way."""
    if "RoleArn" not in form:
        return 403, "<ErrorResponse><Error><Code>InvalidClientTokenId</Code></Error></ErrorResponse>"
    role = form["RoleArn"][0].rpartition("/")[2]
    if role == "denied":
        return 403, ("<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>")
    given = {key: form[key][0] for key in ("ExternalId", "DurationSeconds", "WebIdentityToken") if key in form}
    session = form["RoleSessionName"][0]
    given["session"] = session if session in ("me", "pod") else "default"
    action = form["Action"][0]
    return 200, (
        f"<{action}Response><{action}Result><Credentials><AccessKeyId>ASIA{role}</AccessKeyId>"
        f"<SecretAccessKey>taint-{role}</SecretAccessKey>"
        f"<SessionToken>taint.{'.'.join(f'{key}={value}' for key, value in sorted(given.items()))}</SessionToken>"
        f"<Expiration>{FAR_FUTURE}</Expiration></Credentials></{action}Result>"
        f"<ResponseMetadata><RequestId>r</RequestId></ResponseMetadata></{action}Response>"
    )


def digest(text):
    return hashlib.sha1((text or "").encode()).hexdigest()[:8]


def keys(name, token="Token"):
    return json.dumps({"AccessKeyId": "ASIA" + name, "SecretAccessKey": "taint-" + name, token: "taint-" + name,
                       "Expiration": FAR_FUTURE, "Code": "Success"})


class Services(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body of a reply in one packet

    def answer(self, status, body=""):
        data = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/xml" if body.startswith("<") else "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()

    def do_POST(self):
        text = self.body()
        if self.path == "/token":
            if "refused" in json.loads(text)["refreshToken"]:
                return self.answer(400, '{"error": "invalid_grant", "__type": "InvalidGrantException"}')
            return self.answer(200, '{"accessToken": "taint-fresh", "expiresIn": 28800}')
        form = urllib.parse.parse_qs(text)
        status, reply = assumed(form)
        if form["Action"][0] == "AssumeRole" and status == 200:  # signed by whom?
            signer = self.headers["Authorization"].split("Credential=")[1].split("/")[0]
            reply = reply.replace("</SessionToken>", f".{signer}</SessionToken>")
        return self.answer(status, reply)

    def do_PUT(self):
        self.body()
        if self.path == "/latest/api/token" and self.headers.get("x-aws-ec2-metadata-token-ttl-seconds") == "21600":
            return self.answer(200, "taint-session")
        return self.answer(404)

    def do_GET(self):
        path, _, query = self.path.partition("?")
        if path == "/federation/credentials":
            token = self.headers.get("x-amz-sso_bearer_token")
            if "refused" in token:
                return self.answer(401, '{"__type": "UnauthorizedException", "message": "no"}')
            name = urllib.parse.parse_qs(query)["role_name"][0]
            return self.answer(200, json.dumps({"roleCredentials": {
                "accessKeyId": "ASIA" + name, "secretAccessKey": "taint", "sessionToken": token,
                "expiration": 4070908800000}}))
        if path == "/container":
            return self.answer(200, keys("box" + digest(self.headers.get("Authorization"))))
        if path == "/garbage":
            return self.answer(200, "garbage taint")
        role = "/latest/meta-data/iam/security-credentials/"
        if path.startswith(role) and self.headers.get("x-aws-ec2-metadata-token") == "taint-session":
            return self.answer(200, "web" if path == role else keys("ec2"))
        return self.answer(404)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serve():
    """Serves until the end; gives the port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Services)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
