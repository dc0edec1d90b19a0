"""A page of DescribeDBInstances, made by page.lua, through botocore's parser. Prints the seconds it takes."""

import sys

import botocore.parsers
import botocore.session
from clock import seconds_of

if __name__ == "__main__":
    with open(sys.argv[1], "rb") as page:
        reply = {"status_code": 200, "headers": {}, "body": page.read()}
    model = botocore.session.get_session().get_service_model("rds")
    shape = model.operation_model("DescribeDBInstances").output_shape
    parser = botocore.parsers.create_parser("query")
    print(seconds_of(lambda: parser.parse(reply, shape)))
