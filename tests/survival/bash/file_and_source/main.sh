#!/usr/bin/env bash
dir=$(mktemp -d)
trap 'rm -r "$dir"' EXIT
echo 'export OPENAI_API_KEY="{openai.project}"' > "$dir/env"
. "$dir/env"
bash child.sh
