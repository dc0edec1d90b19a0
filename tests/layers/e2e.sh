#!/usr/bin/env bash
# End to end: against moto, and with boto3 and the AWS CLI, in an environment of the tests' own.
set -euo pipefail
cd "$(dirname "$0")/../.."

# AWS's own mock of the EC2 metadata service, where there is a Go that can build it.
metadata_mock() {
  [ -x build/ec2-metadata-mock ] || ! command -v go >/dev/null && return
  echo "building ec2-metadata-mock"
  GOBIN=$PWD/build GOFLAGS=-mod=mod go install github.com/aws/amazon-ec2-metadata-mock/cmd/ec2-metadata-mock@v1.13.0 ||
    echo "it cannot be built here: its tests are skipped"
}

metadata_mock
tests/layers/venv.sh build/venv tests/e2e/requirements.txt
TRAPHEUS=build/asan/trapheus exec build/venv/bin/python -m pytest -q -p no:cacheprovider tests/e2e
