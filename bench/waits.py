"""Waits for COUNT instances with boto3: `waits.py URL COUNT INTERVAL_S`; each look asks about a hundred at a time."""

import sys
import time

import boto3

URL, COUNT, INTERVAL_S = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
rds = boto3.client(
    "rds", endpoint_url=URL, region_name="us-east-1", aws_access_key_id="AKIDBENCH", aws_secret_access_key="bench-secret"
)
waiting = [f"db{i}" for i in range(COUNT)]
while waiting:
    began = time.monotonic()
    ready = set()
    for first in range(0, len(waiting), 100):
        names = waiting[first : first + 100]
        reply = rds.describe_db_instances(Filters=[{"Name": "db-instance-id", "Values": names}], MaxRecords=100)
        ready.update(
            row["DBInstanceIdentifier"] for row in reply["DBInstances"] if row["DBInstanceStatus"] == "available"
        )
    waiting = [name for name in waiting if name not in ready]
    if waiting:
        time.sleep(max(0, INTERVAL_S - (time.monotonic() - began)))
