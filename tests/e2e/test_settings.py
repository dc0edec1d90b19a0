"""What a database is configured with, and what differs between two, as boto3 and the AWS CLI describe them."""

import json


def values(document):
    return {row["name"]: row["value"] for row in document["settings"]}


def save(path, reply):
    """As `aws rds describe-… --output json` prints a reply."""
    reply.pop("ResponseMetadata", None)
    path.write_text(json.dumps(reply, default=str))
    return str(path)


def test_settings_are_those_that_boto3_shows(peer, program, create_database, unused_name):
    shown = create_database(unused_name, BackupRetentionPeriod=9, Tags=[{"Key": "env", "Value": "prod"}])
    result = program.run("settings", unused_name)
    assert result.code == 0, result
    document = result.document
    assert (document["kind"], document["identifier"]) == ("instance", unused_name)
    told = values(document)
    assert told["DBInstanceClass"] == shown["DBInstanceClass"]
    assert told["BackupRetentionPeriod"] == 9
    assert told["Tags"] == [{"Key": "env", "Value": "prod"}]
    travels = {row["name"]: row["by"] for row in document["settings"]}
    assert travels["DBInstanceClass"] == "restore"
    assert travels["PreferredMaintenanceWindow"] == "modify"
    assert travels["MasterUsername"] == "snapshot"
    assert travels["DbiResourceId"] == "impossible"
    assert peer.mutations() == []


def test_a_saved_description_is_compared_with_the_database(
    peer, program, create_database, unused_name, tmp_path
):
    create_database(unused_name)
    before = save(tmp_path / "before.json", peer.rds.describe_db_instances(DBInstanceIdentifier=unused_name))
    assert program.run("diff", before, unused_name).code == 0
    peer.rds.modify_db_instance(
        DBInstanceIdentifier=unused_name, BackupRetentionPeriod=21, ApplyImmediately=True
    )
    result = program.run("diff", before, unused_name)
    assert result.code == 9, result
    assert [row["name"] for row in result.document["differing"]] == ["BackupRetentionPeriod"]
    assert result.document["differing"][0]["b"] == 21


def test_a_restored_database_is_configured_as_what_was_saved_before(
    peer, program, create_database, unused_name, tmp_path
):
    create_database(unused_name, BackupRetentionPeriod=9)
    before = tmp_path / "before.json"
    before.write_text(program.run("settings", unused_name).out)
    assert program.restore(unused_name).code == 0
    result = program.run("diff", str(before), unused_name)
    assert result.code == 0, result


def test_a_setting_is_given_another_value(peer, program, database):
    name = database["DBInstanceIdentifier"]
    result = program.restore(
        name, "create_snapshot", "--set", "DBInstanceClass=db.r6g.large", "--set", "BackupRetentionPeriod=3"
    )
    assert result.code == 0, result
    assert peer.instance(name)["DBInstanceClass"] == "db.r6g.large"
    sent = peer.calls("RestoreDBInstanceFromDBSnapshot")[0]["form"]
    assert (sent["DBInstanceClass"], sent["BackupRetentionPeriod"]) == ("db.r6g.large", "3")
    told = {row["name"]: row for row in result.document["settings"]["set"]}
    assert told["DBInstanceClass"]["was"] == database["DBInstanceClass"]


def test_a_setting_that_is_misspelt_is_a_usage_error(peer, program, database):
    result = program.restore(
        database["DBInstanceIdentifier"], "create_snapshot", "--set", "DBInstanceClas=x"
    )
    assert result.code == 2
    assert "did you mean DBInstanceClass?" in result.err
    assert peer.calls() == []
