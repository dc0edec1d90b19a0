"""Who is told how a run ends; an alert that fails changes nothing."""

import json
import signal

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


def configure(program, text, mode=0o600):
    file = program.home / "trapheus.lua"
    file.write_text("return { notify = {" + text + "} }")
    file.chmod(mode)
    return str(file)


FROM_FILE = 'email = { from = "dba@example.com", to = { "a@example.com", "b@example.com" } }'


def test_sender_and_receivers_come_from_the_configuration_file(peer, program, database, sender):
    file = configure(program, FROM_FILE)
    refused(program, database, environment={"TRAPHEUS_CONFIG": file})
    assert_mailed(peer, database["DBInstanceIdentifier"])
    peer.begin()
    refused(program, database, "--config", file, environment={"TRAPHEUS_CONFIG": "/nonexistent"})
    assert_mailed(peer, database["DBInstanceIdentifier"])


def test_the_file_is_found_where_it_should_be(peer, program, database, sender):
    for variables, directory in (({}, ".config"), ({"XDG_CONFIG_HOME": str(program.home / "elsewhere")}, "elsewhere")):
        peer.begin()
        home = program.home / directory / "trapheus"
        home.mkdir(parents=True)
        (home / "config.lua").write_text("return { notify = {" + FROM_FILE + "} }")
        refused(program, database, environment=variables)
        assert_mailed(peer, database["DBInstanceIdentifier"])


def test_a_file_of_an_earlier_version_is_not_passed_over(peer, program, database):
    home = program.home / ".config" / "trapheus"
    home.mkdir(parents=True)
    (home / "config.json").write_text("{}")
    result = program.restore(database["DBInstanceIdentifier"], "db_restore")
    assert result.code == 2 and "config.lua" in result.err, result
    assert peer.calls() == []


def test_a_mail_that_is_refused_is_a_warning(peer, program, database):
    mail = {**MAIL, "TRAPHEUS_EMAIL_FROM": "unverified@example.com"}
    result = refused(program, database, environment=mail)
    [warning] = result.document["warnings"]
    assert "MessageRejected" in warning
    assert [call["status"] for call in peer.calls("SendEmail")] == [400]


def test_success_mails_nobody_unless_asked(peer, program, database, sender):
    name = database["DBInstanceIdentifier"]
    result = program.restore(name, "create_snapshot_only", environment=MAIL)
    assert result.code == 0, result
    assert peer.calls("SendEmail") == []
    program.restore(name, "create_snapshot_only", "--notify-on", "email:start,email:success", environment=MAIL)
    subjects = [mail["form"]["Message.Subject.Data"] for mail in peer.calls("SendEmail")]
    assert subjects == [f"trapheus: {name}: its snapshot is being made", f"trapheus: the snapshot of {name} is made"]


def test_a_topic_is_told(peer, program, database):
    """moto hands on to a queue what SNS was sent, as SNS would."""
    sns, sqs = peer.client("sns"), peer.client("sqs")
    topic = sns.create_topic(Name="ops")["TopicArn"]
    queue = sqs.create_queue(QueueName="ops")["QueueUrl"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint="arn:aws:sqs:us-east-1:123456789012:ops",
                  Attributes={"RawMessageDelivery": "true", "FilterPolicy": '{"event": ["failure"]}'})
    result = refused(program, database, "--sns", topic)
    assert result.document["warnings"] == []
    [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    told = json.loads(message["Body"])
    assert (told["format"], told["version"], told["event"]) == ("trapheus.notification", 1, "failure")
    assert told["run"]["identifier"] == database["DBInstanceIdentifier"]
    assert "there is none" in told["because"]


def test_a_topic_that_is_not_there_is_a_warning(peer, program, database):
    result = refused(program, database, "--sns", "arn:aws:sns:us-east-1:123456789012:nobody")
    [warning] = result.document["warnings"]
    assert warning.startswith("SNS alert 1") and "NotFound" in warning


def test_who_was_not_told_before_the_end_is_told_by_a_resume(peer, program, database, sender):
    """The process dies between the end and the mail, which the server holds."""
    name = database["DBInstanceIdentifier"]
    peer.arm({"operation": "SendEmail", "hold": True, "execute": False})
    process = program.start("restore", "--id", name, "--task", "create_snapshot_only", "--notify-on", "success",
                            "--email-from", "dba@example.com", "--email-to", "a@example.com")
    peer.wait_for_held_call()
    process.send_signal(signal.SIGKILL)
    program.finish(process)
    peer.release()
    [run] = program.runs()
    assert run["outcome"] == "snapshotted"
    peer.begin()
    result = program.run("resume")
    assert result.code == 0 and result.document["outcome"] == "snapshotted", result
    assert [mail["status"] for mail in peer.calls("SendEmail")] == [200]
    assert peer.mutations() == peer.calls("SendEmail")
    peer.begin()
    assert program.run("resume").code == 0
    assert peer.calls("SendEmail") == []


def test_two_processes_do_not_tell_of_the_same_end(peer, program, database, sender):
    name = database["DBInstanceIdentifier"]
    peer.arm({"operation": "SendEmail", "hold": True})
    process = program.start("restore", "--id", name, "--task", "create_snapshot_only", "--notify-on", "success",
                            environment=MAIL)
    peer.wait_for_held_call()
    result = program.run("resume", "--notify-on", "success", environment=MAIL)
    assert result.code == 0 and "another process is telling" in result.text, result
    peer.release()
    assert program.finish(process).code == 0
    assert len(peer.calls("SendEmail")) == 1
    assert "no run is unfinished" in program.run("resume", environment=MAIL).err


def test_a_signal_does_not_wait_for_the_mail(peer, program, database, sender):
    name = database["DBInstanceIdentifier"]
    peer.arm({"operation": "SendEmail", "hold": True, "execute": False})
    process = program.start("restore", "--id", name, "--task", "create_snapshot_only", "--notify-on", "success",
                            environment=MAIL)
    peer.wait_for_held_call()
    process.send_signal(signal.SIGTERM)
    result = program.finish(process)
    peer.release()
    assert result.code == 0 and "not everybody was told" in result.document["warnings"][-1], result


def test_that_a_signal_has_come_is_mailed(peer, program, database, sender):
    process = program.start("restore", "--id", database["DBInstanceIdentifier"], "--task", "create_snapshot",
                            "--notify-on", "interrupted", environment=MAIL)
    for operation in ("CreateDBSnapshot", "DescribeDBInstances"): # the first looks may come before it heeds signals
        peer.arm({"operation": operation, "hold": True, "times": 99})
        peer.wait_for_held_call()
    process.send_signal(signal.SIGTERM)
    result = program.finish(process)
    peer.release()
    assert result.code == 7 and "was not sent" not in result.text, result
    [mail] = peer.calls("SendEmail")
    assert mail["status"] == 200 and "interrupted" in mail["form"]["Message.Subject.Data"], mail
    peer.arm()
    assert program.run("resume").code == 0  # nothing is left of it for those who look for leftovers


def test_a_webhook_that_cannot_be_told_is_a_warning_without_its_address(peer, program, database):
    """It is an address of this machine, which is refused."""
    program.secrets += [WEBHOOK, "topsecret"]
    result = refused(program, database, environment={"TRAPHEUS_WEBHOOK": WEBHOOK})
    [warning] = result.document["warnings"]
    assert warning.startswith("webhook alert 1 (127.0.0.1) was not sent: ")
    for changes in ({"--output": "text"}, {"--output": "jsonl"}):
        told = program.restore(
            database["DBInstanceIdentifier"],
            "db_restore",
            "--verbose",
            where=changes,
            environment={"TRAPHEUS_WEBHOOK": WEBHOOK},
        )
        assert told.code == 3 and "webhook alert 1 (127.0.0.1) was not sent" in told.text, told


@pytest.mark.parametrize("flags, variables, why", [
    ([], {"TRAPHEUS_SLACK": WEBHOOK}, "a host that is not Slack's"),
    ([], {"TRAPHEUS_WEBHOOK": WEBHOOK.replace("https", "http")}, "not an https address"),
    (["--slack", "env:HOOK"], {"HOOK": WEBHOOK}, "a host that is not Slack's"),
    (["--slack", "https://hooks.slack.com/services/topsecret"], {}, "give @FILE or env:NAME"),
    (["--webhook", "env:HOOK"], {}, "HOOK is not set"),
    (["--webhook", "@/nonexistent"], {}, "there is no file"),
    (["--sns", "arn:aws:sqs:us-east-1:123456789012:ops"], {}, "arn:aws:sns:REGION:ACCOUNT:NAME is expected"),
    (["--notify-on", "sucess"], {}, "did you mean success?"),
    (["--notify-on", "slak:success"], {}, "did you mean slack?"),
])
def test_a_mistake_is_a_usage_error_without_an_address(peer, program, database, flags, variables, why):
    program.secrets += [WEBHOOK, "topsecret"]
    result = program.restore(database["DBInstanceIdentifier"], "db_restore", *flags, environment=variables)
    assert result.code == 2 and why in result.err, result
    assert peer.calls() == []


@pytest.mark.parametrize("mode, why", [(0o666, "may be written by others"), (0o640, "chmod 600")])
def test_a_webhook_in_a_file_of_others_is_not_used(peer, program, database, mode, why):
    program.secrets += [WEBHOOK, "topsecret"]
    file = configure(program, f'webhook = "{WEBHOOK}"', mode)
    plain = program.home / "hook"
    plain.write_text(WEBHOOK)
    plain.chmod(mode)
    for flags, name in ((["--config", file], file), (["--webhook", f"@{plain}"], str(plain))):
        result = program.restore(database["DBInstanceIdentifier"], "db_restore", *flags)
        assert result.code == 2 and name in result.err and why in result.err, result
    assert peer.calls() == []


def test_where_an_address_stands_is_remembered_and_not_the_address(peer, program, database):
    program.secrets += [WEBHOOK, "topsecret"]
    name = database["DBInstanceIdentifier"]
    result = program.restore(name, "create_snapshot_only", "--webhook", "env:HOOK", "--notify-on", "all",
                             environment={"HOOK": WEBHOOK})
    assert result.code == 0 and len(result.document["warnings"]) == 2, result
    journal = b"".join(path.read_bytes() for path in program.state.rglob("*") if path.is_file())
    assert b"env:HOOK" in journal


def test_a_resume_goes_on_though_who_is_told_cannot_be_found_any_more(peer, program, database):
    """The variable with the address is of the shell that it was begun in."""
    program.secrets += [WEBHOOK, "topsecret"]
    peer.arm({"operation": "RestoreDBInstanceFromDBSnapshot", "hold": True})
    name, began = database["DBInstanceIdentifier"], {"HOOK": WEBHOOK}
    process = program.start("restore", "--id", name, "--task", "create_snapshot", "--webhook", "env:HOOK",
                            environment=began)
    peer.wait_for_held_call()
    process.send_signal(signal.SIGTERM)
    peer.release()
    assert program.finish(process).code == 7
    result = program.run("resume")
    assert result.code == 0 and result.document["outcome"] == "restored", result
    assert "the variable HOOK is not set" in result.err
