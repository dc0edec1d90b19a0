"""The printed policy is enough for the restore, and each action that is taken away is noticed.

moto looks at actions, not at resources or conditions: here each statement is given every resource, and the guard,
which is a condition, is left out. Resources are judged in tests/regress/d29-only-what-is-needed.lua."""

import itertools
import json

import pytest

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


def test_the_printed_policy_is_enough(peer, program, database, user_with):
    name = database["DBInstanceIdentifier"]
    policy = printed_policy(program, name)
    assert peer.mutations() == [], "printing it changes nothing"
    result = program.restore(name, environment=user_with(actions_of(policy)))
    assert result.document["outcome"] == "restored", result
    assert not any("not permitted" in warning for warning in result.document["warnings"]), result
    used = {call["operation"] for call in peer.mutations()}
    assert used <= {action.removeprefix("rds:") for action in actions_of(policy)}
    assert used >= {"RestoreDBInstanceFromDBSnapshot", "ModifyDBInstance", "DeleteDBInstance"}


def test_each_action_taken_away_is_noticed(peer, program, create_database, user_with):
    name = create_database(f"scoped{next(serial)}")["DBInstanceIdentifier"]
    actions = actions_of(printed_policy(program, name))
    used = ("rds:ModifyDBInstance", "rds:CreateDBSnapshot", "rds:RestoreDBInstanceFromDBSnapshot",
            "rds:DeleteDBInstance", "rds:DescribeDBInstances", "rds:DescribeDBSnapshots")
    for number, missing in enumerate(used):
        assert missing in actions
        database = create_database(f"{name}-{number}")["DBInstanceIdentifier"]
        rest = [action for action in actions if action != missing]
        result = program.restore(database, environment=user_with(rest))
        operation = missing.removeprefix("rds:")
        assert operation in result.text, (missing, result)
        if missing != "rds:DeleteDBInstance":  # then there is only forward: it is told, and the original is kept
            assert result.code in (3, 4, 5, 6), (missing, result)
            assert peer.instance(database) or peer.instance(database + "-temp"), missing


def test_a_restore_that_cannot_be_has_no_policy(peer, program, database):
    result = program.run("policy", database["DBInstanceIdentifier"], "--task", "db_restore", where={"--output": None})
    assert result.code == 3 and "there is none" in result.err and result.out == "", result
    result = program.run("policy", "nosuch", where={"--output": None})
    assert result.code == 3 and "nosuch" in result.err, result
