#!/usr/bin/env bash
# End to end: against moto, and with boto3 and the AWS CLI, in an environment of the tests' own.
set -euo pipefail
cd "$(dirname "$0")/../.."

# AWS's own mock of the EC2 metadata service: the last release that Debian's Go can build.
metadata_mock() {
  local module=github.com/aws/amazon-ec2-metadata-mock/cmd@v1.12.0 go=$PWD/build/go
  [ -x build/ec2-metadata-mock ] && return
  echo "building $module"
  env -u GOROOT GOPATH="$go" GOCACHE="$go/cache" GOBIN="$go/bin" GOFLAGS=-modcacherw /usr/bin/go install "$module"
  mv "$go/bin/cmd" build/ec2-metadata-mock
}

metadata_mock
tests/layers/venv.sh build/venv tests/e2e/requirements.txt
TRAPHEUS=build/asan/trapheus exec build/venv/bin/python -m pytest -q -rs -p no:cacheprovider tests/e2e
