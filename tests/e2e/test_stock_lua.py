"""The library, from a lua5.4 that is not ours."""

import subprocess

from conftest import REGION, ROOT

LOOK = """
local trapheus = require "trapheus"
local rds = trapheus.client("rds", { region = "%s", endpoint_url = "%s" })
for _, database in ipairs(rds:DescribeDBInstances { DBInstanceIdentifier = "%s" }.DBInstances) do
  print(database.DBInstanceIdentifier, database.DbiResourceId)
end
local ok, err = pcall(rds.DescribeDBInstances, rds, { DBInstanceIdentifier = "nobody" })
print(ok, err.code, err.status)
"""


def test_a_script_of_its_own_calls_rds(peer, program, database):
    name = database["DBInstanceIdentifier"]
    result = subprocess.run(
        ["lua5.4", "-e", LOOK % (REGION, peer.url, name)],
        cwd=ROOT,
        env={
            **program.environment,
            "LUA_PATH": "lua/?.lua;lua/?/init.lua;;",
            "LUA_CPATH": "build/debug/lua/?.so;;",
        },
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout.splitlines() == [
        f"{name}\t{database['DbiResourceId']}",
        "false\tDBInstanceNotFound\t404",
    ]
