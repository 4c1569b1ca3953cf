#!/usr/bin/env bash
set -eu
source "$(dirname "$0")/lib.sh"
ask
