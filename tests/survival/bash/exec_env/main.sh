#!/usr/bin/env bash
exec env OPENAI_API_KEY="{openai.project}" bash child.sh
