#!/usr/bin/env bash
# A Python environment with what a file of requirements names: venv.sh DIRECTORY REQUIREMENTS
set -euo pipefail

[ -e "$1/ready" ] && cmp -s "$2" "$1/ready" && exit
printf '== installing %s\n' "$(tr '\n' ' ' <"$2")" >&2
/usr/bin/python3 -m venv --clear "$1"
"$1/bin/pip" install -q --disable-pip-version-check -r "$2"
cp "$2" "$1/ready"
