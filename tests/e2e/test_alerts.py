"""Who is told when a run does not end well; an alert that fails changes nothing."""

import json

import pytest

WEBHOOK = "https://127.0.0.1/services/T00000000/B00000000/topsecrettopsecrettopsec"
MAIL = {"TRAPHEUS_EMAIL_FROM": "dba@example.com", "TRAPHEUS_EMAIL_TO": "a@example.com,b@example.com"}


@pytest.fixture
def sender(peer):
    peer.ses.verify_email_identity(EmailAddress="dba@example.com")


def refused(program, database, *arguments, **changes):
    """A restore that preflight refuses: there is no snapshot."""
    result = program.restore(database["DBInstanceIdentifier"], "db_restore", *arguments, **changes)
    assert result.code == 3, result
    assert result.document["outcome"] == "refused"
    return result


def assert_mailed(peer, name):
    [mail] = peer.calls("SendEmail")
    assert mail["status"] == 200, mail
    assert mail["form"]["Source"] == "dba@example.com"
    receivers = [mail["form"][f"Destination.ToAddresses.member.{i}"] for i in (1, 2)]
    assert receivers == ["a@example.com", "b@example.com"]
    assert name in mail["form"]["Message.Subject.Data"]
    assert "there is none" in mail["form"]["Message.Body.Text.Data"]


def test_a_failure_is_mailed(peer, program, database, sender):
    result = refused(program, database, environment=MAIL)
    assert result.document["warnings"] == []
    assert_mailed(peer, database["DBInstanceIdentifier"])


def test_sender_and_receivers_come_from_flags(peer, program, database, sender):
    refused(
        program,
        database,
        *("--email-from", "dba@example.com"),
        *("--email-to", "a@example.com", "--email-to", "b@example.com"),
    )
    assert_mailed(peer, database["DBInstanceIdentifier"])


def test_sender_and_receivers_come_from_the_configuration_file(peer, program, database, sender):
    file = program.home / "trapheus.json"
    receivers = MAIL["TRAPHEUS_EMAIL_TO"].split(",")
    file.write_text(json.dumps({"email_from": MAIL["TRAPHEUS_EMAIL_FROM"], "email_to": receivers}))
    refused(program, database, environment={"TRAPHEUS_CONFIG": str(file)})
    assert_mailed(peer, database["DBInstanceIdentifier"])


def test_a_mail_that_is_refused_is_a_warning(peer, program, database):
    mail = {**MAIL, "TRAPHEUS_EMAIL_FROM": "unverified@example.com"}
    result = refused(program, database, environment=mail)
    [warning] = result.document["warnings"]
    assert "MessageRejected" in warning
    assert [call["status"] for call in peer.calls("SendEmail")] == [400]


def test_success_mails_nobody(peer, program, database, sender):
    name = database["DBInstanceIdentifier"]
    result = program.restore(name, "create_snapshot_only", environment=MAIL)
    assert result.code == 0, result
    assert peer.calls("SendEmail") == []


def test_a_webhook_that_cannot_be_told_is_a_warning_without_its_address(peer, program, database):
    """Its host is not Slack's: the address of this machine is refused."""
    program.secrets += [WEBHOOK, "topsecret"]
    result = refused(program, database, environment={"TRAPHEUS_SLACK": WEBHOOK})
    [warning] = result.document["warnings"]
    assert warning.startswith("Slack alert 1 was not sent: ")
    for changes in ({"--output": "text"}, {"--output": "jsonl"}):
        told = program.restore(
            database["DBInstanceIdentifier"],
            "db_restore",
            "--verbose",
            where=changes,
            environment={"TRAPHEUS_SLACK": WEBHOOK},
        )
        assert told.code == 3 and "Slack alert 1 was not sent" in told.text, told


def test_a_webhook_without_tls_is_a_usage_error_without_its_address(peer, program, database):
    program.secrets += [WEBHOOK.replace("https", "http"), "topsecret"]
    result = program.restore(
        database["DBInstanceIdentifier"],
        environment={"TRAPHEUS_SLACK": WEBHOOK.replace("https", "http")},
    )
    assert result.code == 2 and "https" in result.err, result
    assert peer.calls() == []


def test_a_webhook_in_a_file_that_others_may_write_is_not_used(peer, program, database):
    file = program.home / "trapheus.json"
    file.write_text(json.dumps({"slack": [WEBHOOK]}))
    file.chmod(0o666)
    program.secrets += [WEBHOOK, "topsecret"]
    result = program.restore(
        database["DBInstanceIdentifier"], environment={"TRAPHEUS_CONFIG": str(file)}
    )
    assert result.code == 2 and str(file) in result.err, result
    assert peer.calls() == []
