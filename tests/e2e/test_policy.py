"""The printed policy is enough for the restore, and each action that is taken away is noticed.

moto looks at actions, not at resources or conditions: here each statement is given every resource, and the guard,
which is a condition, is left out. Resources are judged in tests/regress/d29-only-what-is-needed.lua."""

import itertools
import json
import subprocess

import parliament
import pytest
from served import PROGRAM

#: Without which the database is restored all the same, and something is left behind, with a warning.
TIDYING = ("rds:DeleteDBInstance", "rds:DeleteDBSnapshot", "rds:RemoveTagsFromResource")

serial = itertools.count(1)


def printed_policy(program, name, *arguments):
    result = program.run("policy", name, *arguments, where={"--output": None})
    assert result.code == 0, result
    return json.loads(result.out)


def actions_of(policy):
    return [action for statement in policy["Statement"] if statement["Effect"] == "Allow"
            for action in statement["Action"]]


@pytest.fixture
def user_with(peer, program):
    """The variables of a new user who may do these actions."""

    def create(actions):
        iam, name = peer.client("iam"), f"user{next(serial)}"
        statement = {"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="printed", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [statement]}))
        key = iam.create_access_key(UserName=name)["AccessKey"]
        program.secrets.append(key["SecretAccessKey"])
        return {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    return create


def objections(policy):
    """What parliament has to say: by AWS's tables of actions, the resources each must have, and its conditions. That looks
    see every database is meant; a key is named by its alias, a condition of keys that its tables do not have."""
    found = parliament.analyze_policy_string(policy).findings
    return [str(each) for each in found if each.issue != "RESOURCE_STAR" and "kms:ResourceAliases" not in str(each)]


PLANS = [
    ("--task", task, *kind, *more)
    for kind in ((), ("--cluster",))
    for task, more in (
        ("create_snapshot", ("--export",)),
        ("db_restore", ("--final-snapshot", "last")),
        ("create_snapshot_only", ()),
    )
]


@pytest.mark.parametrize("plan", PLANS, ids=" ".join)
def test_parliament_objects_to_nothing_in_a_printed_policy(plan):
    command = [PROGRAM, "policy", "mydb", *plan, "--sandbox"]
    policy = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert objections(policy) == []
    assert "UNKNOWN_ACTION" in str(objections(policy.replace("rds:AddTags", "rds:AdTags"))), "it looks"


def test_the_printed_policy_is_enough_and_the_next_time_too(peer, program, database, user_with):
    name = database["DBInstanceIdentifier"]
    policy = printed_policy(program, name)
    assert peer.mutations() == [], "printing it changes nothing"
    environment = user_with(actions_of(policy))
    for _ in range(2):
        result = program.restore(name, environment=environment)
        assert result.document["outcome"] == "restored", result
        assert "not permitted" not in result.text and "AccessDenied" not in result.text, result
    used = {call["operation"] for call in peer.mutations()}
    assert used <= {action.removeprefix("rds:") for action in actions_of(policy)}
    assert used >= {"RestoreDBInstanceFromDBSnapshot", "ModifyDBInstance", "DeleteDBInstance", "DeleteDBSnapshot"}


def test_whoever_is_told_may_be_told(peer, program, database, user_with):
    topic = peer.client("sns").create_topic(Name="policy")["TopicArn"]
    peer.ses.verify_email_identity(EmailAddress="dba@example.com")
    told = ("--sns", topic, "--email-from", "dba@example.com", "--email-to", "you@example.com", "--notify-on", "all")
    name = database["DBInstanceIdentifier"]
    policy = printed_policy(program, name, "--task", "create_snapshot_only", *told)
    by_sid = {statement["Sid"]: statement for statement in policy["Statement"]}
    assert (by_sid["Topics"]["Action"], by_sid["Topics"]["Resource"]) == (["sns:Publish"], [topic])
    assert by_sid["Mail"]["Condition"] == {"StringEquals": {"ses:FromAddress": "dba@example.com"}}
    result = program.restore(name, "create_snapshot_only", *told, environment=user_with(actions_of(policy)))
    assert result.code == 0 and "was not sent" not in result.text, result
    assert len(peer.calls("Publish")) == 2 and len(peer.calls("SendEmail")) == 2


def test_each_look_taken_away_is_noticed(peer, program, database, user_with):
    name = database["DBInstanceIdentifier"]
    assert program.restore(name, "create_snapshot_only").code == 0
    actions = actions_of(printed_policy(program, name))
    peer.begin()
    assert program.restore(name, "create_snapshot", "--plan", environment=user_with(actions)).code == 0
    looks = {f"rds:{call['operation']}" for call in peer.calls()} & set(actions)
    assert len(looks) >= 11, looks
    for missing in sorted(looks):
        rest = [action for action in actions if action != missing]
        result = program.restore(name, "create_snapshot", "--plan", environment=user_with(rest))
        told = [*result.document.get("warnings", []), (result.document.get("failure") or {}).get("message", "")]
        operation = missing.removeprefix("rds:")
        assert any(operation in text for text in told), (missing, result)
    assert peer.mutations() == []


def test_each_change_taken_away_is_noticed(peer, program, create_database, user_with):
    name = f"scoped{next(serial)}"
    create_database(name)
    assert program.restore(name, "create_snapshot_only").code == 0  # so that one is to be replaced
    actions = actions_of(printed_policy(program, name))
    peer.begin()
    assert program.restore(name, environment=user_with(actions)).code == 0
    changes = {f"rds:{call['operation']}" for call in peer.mutations()}
    assert changes <= set(actions) and len(changes) >= 7, changes
    for number, missing in enumerate(sorted(changes)):
        database = create_database(f"{name}-{number}")["DBInstanceIdentifier"]
        if missing == "rds:DeleteDBSnapshot":
            assert program.restore(database, "create_snapshot_only").code == 0
        rest = [action for action in actions if action != missing]
        result = program.restore(database, environment=user_with(rest))
        operation = missing.removeprefix("rds:")
        assert operation in result.text, (missing, result)
        if missing in TIDYING:
            told = result.document["warnings"]
            assert result.document["outcome"] == "restored" and any(operation in one for one in told), (missing, result)
        else:
            assert result.code in (3, 4, 5, 6), (missing, result)
            assert peer.instance(database) or peer.instance(database + "-temp"), missing


def test_a_restore_that_cannot_be_has_no_policy(peer, program, database):
    result = program.run("policy", database["DBInstanceIdentifier"], "--task", "db_restore", where={"--output": None})
    assert result.code == 3 and "there is none" in result.err and result.out == "", result
    result = program.run("policy", "nosuch", where={"--output": None})
    assert result.code == 3 and "nosuch" in result.err, result
