"""Which databases a fleet is about, through the real program: on moto, and in rehearsals."""

import re

import pytest
from fleets import REHEARSAL, bulk


@pytest.fixture
def staging(peer, create_database, unused_name):
    """Two databases with a tag of their own, and two with the same tag that are not to be restored."""
    tags = [{"Key": "fleet", "Value": unused_name}]
    names = [f"{unused_name}-{letter}" for letter in "ab"]
    for name in [*names, f"{unused_name}-old-temp"]:
        create_database(name, Tags=tags)
    peer.rds.create_db_instance_read_replica(
        DBInstanceIdentifier=f"{unused_name}-copy", SourceDBInstanceIdentifier=f"{unused_name}-old-temp", Tags=tags
    )
    return unused_name, names


def test_a_selection_is_restored_and_the_rest_is_named(program, peer, staging):
    tag, names = staging
    before = {name: peer.instance(name)["DbiResourceId"] for name in names}
    result = program.run("bulk", "--task", "create_snapshot", "--tag", f"fleet={tag}", "--engine", "my*")
    assert result.code == 0, result
    document = result.document
    assert document["outcomes"] == {"restored": 2} and document["exit_code"] == 0
    assert [run["identifier"] for run in document["runs"]] == names
    for name in names:
        assert peer.instance(name)["DbiResourceId"] != before[name]
        assert peer.instance(f"{name}-temp") is None
    assert f"left out: {tag}-old-temp: an original that was moved aside" in result.err
    assert f"left out: {tag}-copy: a read replica of {tag}-old-temp" in result.err


def test_each_has_flags_of_its_own(program, peer, create_database, unused_name, tmp_path):
    kept, gone = f"{unused_name}-kept", f"{unused_name}-gone"
    create_database(kept), create_database(gone)
    table = tmp_path / "fleet.csv"
    table.write_text(f"id,keep-original,set\r\n{kept},true,MonitoringInterval=0\r\n{gone.upper()},,\r\n")
    result = program.run("bulk", "--task", "create_snapshot", "--targets", str(table))
    assert result.code == 0, result
    assert peer.instance(f"{kept}-temp") and peer.instance(f"{gone}-temp") is None


def test_what_is_wrong_with_one_is_said_before_any_is_touched(program, peer, create_database, unused_name, tmp_path):
    create_database(unused_name)
    table = tmp_path / "fleet.csv"
    table.write_text(f"id\n{unused_name}\nnobody-{unused_name}\n")
    result = program.run("bulk", "--task", "create_snapshot", "--targets", str(table))
    assert result.code == 2, result
    assert f"fleet.csv:3: nobody-{unused_name}: no database in us-east-1 has this name" in result.err
    result = program.run("bulk", "--task", "create_snapshot", "--tag", f"fleet=no-{unused_name}")
    assert result.code == 2 and "no database in us-east-1 is selected by --tag" in result.err, result
    assert not peer.mutations()


@pytest.mark.parametrize(
    "name, text, told",
    [
        ("a.csv", "id,pasword\na,hunter2\n", r"a.csv:1: unknown field 'pasword'"),
        ("a.csv", 'id\n"a', r"a.csv:2: a quoted field has no end"),
        ("a.csv", "id,task\na,creat_snapshot\n", r"a.csv:2: .*creat_snapshot.*did you mean create_snapshot"),
        ("a.csv", "id,set\na,MasterPasword=hunter2\n", r"a.csv:2: --set 'MasterPasword': there is no setting"),
        ("a.json", '["a",\n{"id": 7}]', r"a.json:2: id: a name is expected"),
        ("a.txt", "a\nb\nA\n", r"a.txt:3: a is named twice, first in .*a.txt:1"),
        ("a.txt", "\n", r"a.txt: it names no database"),
        ("a.xlsx", "PK", r"a.xlsx: is it csv, json or lines\? --format says so"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_line(tmp_path, name, text, told):
    (tmp_path / name).write_text(text)
    result = bulk(*REHEARSAL, "--targets", str(tmp_path / name))
    assert result.returncode == 2 and result.stdout == "", result
    assert re.search(told, result.stderr) and "hunter2" not in result.stderr, result.stderr


def test_an_unknown_format_and_an_empty_selection_are_usage_errors():
    result = bulk(*REHEARSAL, "--targets", "-", "--format", "cvs", stdin="a\n")
    assert result.returncode == 2 and "did you mean csv" in result.stderr, result
    result = bulk(*REHEARSAL)
    assert result.returncode == 2 and "nothing is to be restored" in result.stderr, result
    result = bulk(*REHEARSAL, "--tag", "env=x")
    assert result.returncode == 2 and "--sandbox needs --from-describe" in result.stderr, result
