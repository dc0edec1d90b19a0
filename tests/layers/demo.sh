#!/usr/bin/env bash
# What a newcomer sees first.
set -euo pipefail
cd "$(dirname "$0")/../.."

exec build/release/trapheus scripts/restore.lua --id mydb --task create_snapshot --sandbox
