"""A stub of DescribeDBInstances on this machine: `stub.py COUNT SECONDS`, whose first line of output is its port.

The instances db0, db1, … become available one after another, in a shuffled order, the last after SECONDS. Each reply is
made of ready text. GET / tells how many calls there were, and how many seconds after an instance had become available a
reply first said so, on average.
"""

import http.server
import random
import sys
import time
import urllib.parse

COUNT, SECONDS = int(sys.argv[1]), float(sys.argv[2])
HEAD = (
    '<?xml version="1.0"?><DescribeDBInstancesResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/">'
    "<DescribeDBInstancesResult><DBInstances>"
)
TAIL = (
    "</DBInstances></DescribeDBInstancesResult><ResponseMetadata><RequestId>00000000-0000-0000-0000-000000000000"
    "</RequestId></ResponseMetadata></DescribeDBInstancesResponse>"
)
# As a plain PostgreSQL instance is described, without what is empty.
INSTANCE = """<DBInstance><DBInstanceIdentifier>{name}</DBInstanceIdentifier><DBInstanceClass>db.m6g.large</DBInstanceClass>
<Engine>postgres</Engine><DBInstanceStatus>{status}</DBInstanceStatus><MasterUsername>app</MasterUsername>
<Endpoint><Address>{name}.abcdefghijkl.us-east-1.rds.amazonaws.com</Address><Port>5432</Port>
<HostedZoneId>Z2R2ITUGPM61AM</HostedZoneId></Endpoint><AllocatedStorage>100</AllocatedStorage>
<InstanceCreateTime>2026-01-01T10:00:00.000Z</InstanceCreateTime><PreferredBackupWindow>03:00-03:30</PreferredBackupWindow>
<BackupRetentionPeriod>7</BackupRetentionPeriod><DBSecurityGroups/><VpcSecurityGroups><VpcSecurityGroupMembership>
<VpcSecurityGroupId>sg-0123456789abcdef0</VpcSecurityGroupId><Status>active</Status></VpcSecurityGroupMembership>
</VpcSecurityGroups><DBParameterGroups><DBParameterGroup><DBParameterGroupName>default.postgres15</DBParameterGroupName>
<ParameterApplyStatus>in-sync</ParameterApplyStatus></DBParameterGroup></DBParameterGroups>
<AvailabilityZone>us-east-1a</AvailabilityZone><DBSubnetGroup><DBSubnetGroupName>default</DBSubnetGroupName>
<DBSubnetGroupDescription>default</DBSubnetGroupDescription><VpcId>vpc-0123456789abcdef0</VpcId>
<SubnetGroupStatus>Complete</SubnetGroupStatus><Subnets><Subnet><SubnetIdentifier>subnet-0123456789abcdef0</SubnetIdentifier>
<SubnetAvailabilityZone><Name>us-east-1a</Name></SubnetAvailabilityZone><SubnetOutpost/><SubnetStatus>Active</SubnetStatus>
</Subnet></Subnets></DBSubnetGroup><PreferredMaintenanceWindow>sun:05:00-sun:05:30</PreferredMaintenanceWindow>
<PendingModifiedValues/><LatestRestorableTime>2026-01-01T12:00:00Z</LatestRestorableTime><MultiAZ>false</MultiAZ>
<EngineVersion>15.4</EngineVersion><AutoMinorVersionUpgrade>true</AutoMinorVersionUpgrade><LicenseModel>postgresql-license
</LicenseModel><OptionGroupMemberships><OptionGroupMembership><OptionGroupName>default:postgres-15</OptionGroupName>
<Status>in-sync</Status></OptionGroupMembership></OptionGroupMemberships><PubliclyAccessible>false</PubliclyAccessible>
<StorageType>gp3</StorageType><DbInstancePort>0</DbInstancePort><StorageEncrypted>true</StorageEncrypted>
<KmsKeyId>arn:aws:kms:us-east-1:123456789012:key/00000000-0000-0000-0000-000000000000</KmsKeyId>
<DbiResourceId>db-{name}</DbiResourceId><CACertificateIdentifier>rds-ca-rsa2048-g1</CACertificateIdentifier>
<CopyTagsToSnapshot>true</CopyTagsToSnapshot><MonitoringInterval>0</MonitoringInterval>
<DBInstanceArn>arn:aws:rds:us-east-1:123456789012:db:{name}</DBInstanceArn>
<IAMDatabaseAuthenticationEnabled>false</IAMDatabaseAuthenticationEnabled><DeletionProtection>true</DeletionProtection>
<TagList><Tag><Key>env</Key><Value>staging</Value></Tag></TagList></DBInstance>"""
TEXTS = {status: [INSTANCE.format(name=f"db{i}", status=status) for i in range(COUNT)] for status in ("creating", "available")}

ORDER = random.Random(1).sample(range(COUNT), COUNT)
READY_S = {i: SECONDS * (place + 1) / COUNT for place, i in enumerate(ORDER)}
SEEN_S = {}
STATE = {"calls": 0, "began": None}


def instance(name):
    i, at = int(name[2:]), time.monotonic() - STATE["began"]
    if at < READY_S[i]:
        return TEXTS["creating"][i]
    SEEN_S.setdefault(i, at)
    return TEXTS["available"][i]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self):
        STATE["began"] = STATE["began"] or time.monotonic()
        STATE["calls"] += 1
        form = urllib.parse.parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        names = [values[0] for key, values in form.items() if ".Values." in key or key == "DBInstanceIdentifier"]
        self.answer((HEAD + "".join(instance(name) for name in names) + TAIL).encode())

    def do_GET(self):
        late = sum(SEEN_S[i] - READY_S[i] for i in SEEN_S) / max(1, len(SEEN_S))
        self.answer(f"{STATE['calls']} {late} {len(SEEN_S)}".encode())

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
