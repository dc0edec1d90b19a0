"""botocore's signatures, of the request that sign.c signs. Prints the seconds of one."""

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from clock import seconds_of

signer = SigV4Auth(Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), "rds", "eu-west-1")
request = AWSRequest(
    "POST",
    "https://rds.eu-west-1.amazonaws.com/",
    headers={
        "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        "User-Agent": "trapheus/0.1.0",
    },
    data=b"Action=DescribeDBInstances&Version=2014-10-31&DBInstanceIdentifier=orders-1",
)

if __name__ == "__main__":
    print(seconds_of(lambda: signer.add_auth(request)))
