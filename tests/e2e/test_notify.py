"""trapheus notify, and webhooks on a server of this machine: whom it believes, and what it is sent."""

import json
import pathlib

import pytest

from local_https import Quiet, certificate, serve

SECRET = "hushhushhushhush"


class Receiver(Quiet):
    """Answers with the next of what it has been told to say, or 200."""

    said, heard = [], []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.heard.append({"path": self.path, "type": self.headers["Content-Type"], "body": json.loads(body)})
        self.answer(*(self.said.pop(0) if self.said else (200, "ok")))


@pytest.fixture(scope="module")
def tls(tmp_path_factory):
    file, context = certificate(tmp_path_factory.mktemp("tls"), "DNS:localhost")
    with serve(Receiver, context) as port:
        yield port, file


@pytest.fixture
def tell(program, tls):
    """Runs `trapheus notify` with channels of a configuration file, in which PORT is the server's."""
    port, bundle = tls
    Receiver.said, Receiver.heard = [], []
    program.secrets.append(SECRET)

    def run(text, *arguments, environment={}):
        file = program.home / "config.lua"
        file.write_text("return { notify = {" + text.replace("PORT", str(port)).replace("SECRET", SECRET) + "} }")
        file.chmod(0o600)
        return program.run("notify", *(arguments or ["--test"]), "--config", str(file),
                           where={"--pace": None, "--state-dir": None},
                           environment={"AWS_CA_BUNDLE": str(bundle), **environment})

    return run


HOOK = 'webhook = { url = "https://localhost:PORT/SECRET", allow_private = true }'


def test_each_channel_is_told_and_said_to_have_been(peer, tell):
    peer.ses.verify_email_identity(EmailAddress="dba@example.com")
    topic = peer.client("sns").create_topic(Name="notify")["TopicArn"]
    result = tell(HOOK + ', email = { from = "dba@example.com", to = "a@example.com" }, sns = "' + topic + '", '
                  'slack = { url = "https://localhost:PORT/SECRET/slack", allow_host = "localhost", '
                  'allow_private = true }')
    assert result.code == 0, result
    assert [row["arrived"] for row in result.document["channels"]] == [True] * 4
    by_path = {one["path"]: one["body"] for one in Receiver.heard}
    assert by_path[f"/{SECRET}"]["test"] is True
    assert by_path[f"/{SECRET}/slack"]["text"].startswith("trapheus: TEST, nothing has happened")
    assert {one["type"] for one in Receiver.heard} == {"application/json"}
    [mail] = peer.calls("SendEmail")
    assert mail["form"]["Message.Subject.Data"].startswith("trapheus: TEST, nothing has happened")
    assert "TEST, nothing has happened" in mail["form"]["Message.Body.Html.Data"]
    assert peer.calls("Publish")[0]["form"]["Subject"].startswith("trapheus: TEST")


def test_who_is_not_reached_is_named(peer, tell):
    result = tell(HOOK + ', email = { from = "unverified@example.com", to = "a@example.com" }')
    assert result.code == 3, result
    mail, hook = result.document["channels"]
    assert hook["arrived"] and not mail["arrived"] and "MessageRejected" in mail["failure"]


def test_nobody_to_tell_is_a_usage_error(tell):
    assert "nobody is told" in tell("").err
    assert tell("", "--test").code == 2
    assert tell(HOOK, "--test", "--print").code == 2
    assert "--test sends" in tell(HOOK, "--event", "parked").err


def test_a_message_is_shown_and_not_sent(tell):
    result = tell(HOOK + ', slack = "https://hooks.slack.com/services/SECRET"', "--print", "--event", "parked")
    assert result.code == 0 and Receiver.heard == [], result
    slack, hook = result.document["channels"]
    assert hook["message"]["run"]["outcome"] == "parked"
    assert slack["message"]["blocks"][0]["type"] == "header"


@pytest.mark.parametrize("text, environment, why", [
    (HOOK, {"AWS_CA_BUNDLE": "/etc/ssl/certs/ca-certificates.crt"}, "TLS"),
    (HOOK.replace("localhost", "127.0.0.1"), {}, "TLS"),
    (HOOK.replace(", allow_private = true", ""), {}, "refused"),
    (HOOK.replace("localhost", "127.0.0.1").replace(", allow_private = true", ""), {}, "refused"),
])
def test_who_is_not_believed_is_told_nothing(tell, text, environment, why):
    """A certificate of nobody's, of another name; a name that leads to this machine, and this machine."""
    result = tell(text, environment=environment)
    assert result.code == 3 and Receiver.heard == [], result
    assert why in result.document["channels"][0]["failure"], result


def test_a_redirect_is_not_followed(tell, tls):
    Receiver.said.append((302, "", {"Location": f"https://localhost:{tls[0]}/elsewhere"}))
    result = tell(HOOK)
    assert result.code == 3 and "HTTP 302" in result.document["channels"][0]["failure"]
    assert [one["path"] for one in Receiver.heard] == [f"/{SECRET}"]


def test_what_may_pass_is_tried_again(tell):
    Receiver.said += [(503, "later"), (429, "slowly", {"Retry-After": "1"})]
    assert tell(HOOK).code == 0
    assert len(Receiver.heard) == 3


def test_who_asks_for_too_much_patience_is_not_waited_for(tell):
    Receiver.said.append((429, "slowly", {"Retry-After": "3600"}))
    result = tell(HOOK)
    assert result.code == 3 and "HTTP 429" in result.document["channels"][0]["failure"]
    assert len(Receiver.heard) == 1


def test_without_a_region_a_webhook_is_told(tell, program):
    program.where["--region"] = None
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        program.environment[name] = None
    assert tell(HOOK).code == 0


def test_a_run_that_cannot_even_begin_is_told_of(program, tls):
    """There is no Region: nobody can be asked anything, and no mail be sent."""
    port, bundle = tls
    Receiver.said, Receiver.heard = [], []
    file = program.home / "config.lua"
    file.write_text(f'''return {{ notify = {{ webhook = {{ url = "https://localhost:{port}/", allow_private = true }},
      email = {{ from = "a@example.com", to = "b@example.com" }} }} }}''')
    file.chmod(0o600)
    flags = {"--region": None, "--endpoint-url": None, "--pace": None}
    for more, told in ((["--plan"], 0), ([], 1)):
        result = program.restore("orders", "db_restore", "--config", str(file), *more, where=flags,
                                 environment={"AWS_CA_BUNDLE": str(bundle)})
        assert result.code == 3 and result.document["failure"]["code"] == "NoRegion", result
        assert len(Receiver.heard) == told
    body = Receiver.heard[0]["body"]
    assert (body["event"], body["run"]["outcome"], body["run"]["identifier"]) == ("failure", "refused", "orders")
    assert body["because"].startswith("NoRegion")
    assert "mail alert 1 (b@example.com) was not sent" in result.err


def test_a_script_and_a_hook_tell_by_themselves(program, tls, database):
    """The primitives, in a hook of a real run."""
    port, bundle = tls
    Receiver.said, Receiver.heard = [], []
    hooks = pathlib.Path(program.home / "hooks.lua")
    hooks.write_text(f'''local trapheus = require "trapheus"
return {{ after = {{ snapshot = function(run)
  trapheus.notify.webhook {{ url = "https://localhost:{port}/mine", allow_private = true,
    body = {{ about = run.identifier }} }}
end }} }}''')
    result = program.restore(database["DBInstanceIdentifier"], "create_snapshot_only", "--hooks", str(hooks),
                             environment={"AWS_CA_BUNDLE": str(bundle)})
    assert result.code == 0 and "hooks.lua" not in str(result.document["warnings"]), result
    assert Receiver.heard == [{"path": "/mine", "type": "application/json",
                               "body": {"about": database["DBInstanceIdentifier"]}}]
