"""Exports to S3: the template of what they need, by cfn-lint and by moto's CloudFormation; then the exports themselves.

moto's exports end at once, and it looks neither at the bucket nor at the role: slow and failing ones are the sandbox's
(tests/regress)."""

import ast
import json
import pathlib
import signal
import subprocess
import sys

import parliament
import pytest
from cfnlint.decode import cfn_yaml
from served import PROGRAM, SPEED, TIMEOUT_S, aws, environment, sandbox

LINT = pathlib.Path(sys.executable).with_name("cfn-lint")


@pytest.fixture(scope="session")
def template():
    command = [PROGRAM, "setup", "export", "--print"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def lint(path):
    return subprocess.run([LINT, "--include-checks", "I", "--", path], capture_output=True, text=True)


def test_cfn_lint_finds_nothing_in_the_template(template, tmp_path):
    path = tmp_path / "export.yaml"
    path.write_text(template)
    found = lint(path)
    assert found.returncode == 0 and found.stdout == "", found.stdout
    path.write_text(template.replace("EnableKeyRotation", "EnableKeyRotaton"))
    assert "EnableKeyRotaton" in lint(path).stdout, "it looks"


@pytest.fixture
def stack(peer, template):
    """What the template makes, by its outputs."""
    cloudformation = peer.client("cloudformation")
    if not cloudformation.describe_stacks()["Stacks"]:
        cloudformation.create_stack(
            StackName="trapheus-export", TemplateBody=template, Capabilities=["CAPABILITY_NAMED_IAM"])
    made = cloudformation.describe_stacks(StackName="trapheus-export")["Stacks"][0]
    assert made["StackStatus"] == "CREATE_COMPLETE", made
    return {output["OutputKey"]: output["OutputValue"] for output in made["Outputs"]}


def test_nobody_else_reaches_what_the_template_makes(template):
    resources = cfn_yaml.loads(template)["Resources"]
    bucket, role = resources["Bucket"]["Properties"], resources["Role"]["Properties"]
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    assert len(bucket["PublicAccessBlockConfiguration"]) == 4
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert resources["Key"]["DeletionPolicy"] == resources["Bucket"]["DeletionPolicy"] == "Retain"
    (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "export.rds.amazonaws.com"}
    assert trust["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    for statement in role["Policies"][0]["PolicyDocument"]["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert statement["Resource"] != "*" and not any(action.endswith(":*") for action in actions), statement


def test_the_template_makes_what_it_says(peer, stack):
    s3, bucket = peer.client("s3"), stack["BucketName"]
    assert bucket == "rds-snapshots-123456789012"
    rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
    assert rule["ApplyServerSideEncryptionByDefault"]["KMSMasterKeyID"] == stack["KeyArn"]
    role = peer.client("iam").get_role(RoleName="trapheus-export-us-east-1")["Role"]
    assert role["Arn"] == stack["RoleArn"]


#: What AWS says that the role needs: RDS's manual, on access to the bucket and to a key.
OF_THE_ROLE = {
    "s3:PutObject*", "s3:GetObject*", "s3:ListBucket", "s3:DeleteObject*", "s3:GetBucketLocation",
    "kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant", "kms:DescribeKey",
    "kms:RetireGrant",
}  # fmt: skip


def test_the_role_may_do_what_aws_asks_for_and_no_more(peer, stack):
    role = peer.client("iam").get_role_policy(RoleName="trapheus-export-us-east-1", PolicyName="export")
    policy = ast.literal_eval(role["PolicyDocument"])  # moto keeps what CloudFormation gave it as Python's text
    assert {action for statement in policy["Statement"] for action in statement["Action"]} == OF_THE_ROLE
    bucket = f"arn:aws:s3:::{stack['BucketName']}"
    reached = {resource for statement in policy["Statement"] for resource in [statement["Resource"]]}
    assert reached == {bucket, bucket + "/*", stack["KeyArn"]}
    found = [str(each) for each in parliament.analyze_policy_string(json.dumps(policy)).findings]
    assert [each for each in found if "s3:GetObjectAttributes" not in each] == []  # it knows it of access points only


@pytest.mark.parametrize("task", ["create_snapshot", "create_snapshot_only"])
def test_what_the_template_makes_is_what_an_export_takes_by_default(peer, program, database, stack, task):
    name = database["DBInstanceIdentifier"]
    result = program.restore(
        name, task, "--export", "--export-wait", "--export-prefix", "nightly", "--export-tables", "app")
    assert result.code == 0, result
    told = result.document["export"]
    task_name = f"{name}-{result.document['run_id']}"
    assert told["name"] == task_name and told["status"] == "COMPLETE", told
    assert told["place"] == f"s3://{stack['BucketName']}/nightly/{task_name}/"
    assert len(peer.calls("StartExportTask")) == 1
    (task,) = peer.rds.describe_export_tasks(ExportTaskIdentifier=task_name)["ExportTasks"]
    assert task["SourceArn"].endswith(f":snapshot:{name}-snapshot")
    assert task["S3Bucket"] == stack["BucketName"] and task["IamRoleArn"] == stack["RoleArn"]
    assert task["S3Prefix"] == "nightly" and task["ExportOnly"] == ["app"]
    aliases = {alias["AliasName"] for alias in peer.client("kms").list_aliases()["Aliases"]}
    assert task["KmsKeyId"] in aliases


def tasks_of(peer, run):
    tasks = peer.rds.describe_export_tasks()["ExportTasks"]
    return [task for task in tasks if task["ExportTaskIdentifier"].endswith(run)]


@pytest.mark.parametrize("arrives", [True, False], ids=["call arrives", "call is lost"])
def test_a_lost_reply_makes_no_second_task(peer, program, database, arrives):
    peer.arm({"operation": "StartExportTask", "reply": "cut", "execute": arrives})
    result = program.restore(database["DBInstanceIdentifier"], "create_snapshot_only", "--export")
    assert result.code == 0, result
    assert len(tasks_of(peer, result.document["run_id"])) == 1


@pytest.mark.parametrize("arrives", [True, False], ids=["call arrives", "call is lost"])
def test_a_run_that_is_killed_at_its_export_makes_no_second_task(peer, program, database, arrives):
    peer.arm({"operation": "StartExportTask", "hold": True, "execute": arrives})
    name = database["DBInstanceIdentifier"]
    process = program.start("restore", "--id", name, "--task", "create_snapshot", "--export")
    peer.wait_for_held_call()
    process.send_signal(signal.SIGKILL)
    program.finish(process)
    peer.release()
    [run] = program.runs()
    result = program.run("resume", run["run_id"])
    assert result.document["outcome"] == "restored", result
    assert result.document["export"]["status"] == "COMPLETE"
    assert len(tasks_of(peer, run["run_id"])) == 1


def test_the_printed_policy_is_enough(peer, program, database):
    name = database["DBInstanceIdentifier"]
    printed = program.run("policy", name, "--task", "create_snapshot_only", "--export", where={"--output": None})
    actions = {action for statement in json.loads(printed.out)["Statement"] for action in statement["Action"]}
    iam = peer.client("iam")
    iam.create_user(UserName="exporter")
    iam.put_user_policy(UserName="exporter", PolicyName="printed", PolicyDocument=json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": sorted(actions), "Resource": "*"}]}))
    key = iam.create_access_key(UserName="exporter")["AccessKey"]
    program.secrets.append(key["SecretAccessKey"])
    result = program.restore(name, "create_snapshot_only", "--export", environment={
        "AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]})
    assert result.code == 0 and "AccessDenied" not in result.text, result


def test_one_that_fails_on_the_sandbox_stops_the_run_and_the_aws_cli_sees_why(tmp_path):
    with sandbox("--database", "mydb", "--fault", "StartExportTask:1:background_failure") as (_, url):
        command = [PROGRAM, "restore", "--id", "mydb", "--task", "create_snapshot", "--export", "--export-wait",
                   "--endpoint-url", url, "--pace", str(SPEED), "--state-dir", tmp_path, "--output", "json"]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=TIMEOUT_S)
        assert done.returncode == 4, done
        told = json.loads(done.stdout)
        assert "has ended as FAILED" in told["failure"]["message"]
        (task,) = aws(url, "describe-export-tasks")["ExportTasks"]
        assert task["Status"] == "FAILED" and task["ExportTaskIdentifier"] == f"mydb-{told['run_id']}"
        (database,) = aws(url, "describe-db-instances")["DBInstances"]
        assert database["DBInstanceIdentifier"] == "mydb" and database["DBInstanceStatus"] == "available"
