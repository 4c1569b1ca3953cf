#!/usr/bin/env bash
source lib/config.sh
bash child.sh
