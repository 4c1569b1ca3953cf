#!/usr/bin/env bash
# A step of action.yml: checks the workspace, and says the outcome as annotations, in the summary and as outputs.
# Runs in the bash 3.2 of macOS too.
set -euo pipefail

fail() {
    printf '::error title=aikeys::%s\n' "$1"
    echo exit-code=2 >>"$GITHUB_OUTPUT"
    exit 2
}

commit() { git rev-parse --verify --quiet "$1^{commit}"; }

# The commit with which a pull request is compared; nothing for other events.
base() {
    local base="" head
    case ${GITHUB_EVENT_NAME:-} in
    pull_request | pull_request_target | merge_group) ;;
    *) return ;;
    esac
    head=$(commit HEAD) || fail "there is no checkout here: actions/checkout comes first"
    # What is checked out for a pull request is its merge, and the first parent is the base as it is now.
    if [[ ${GITHUB_REF:-} == refs/pull/*/merge && $head == "${GITHUB_SHA:-}" ]]; then
        base=$(commit HEAD^1) || base=""
    fi
    if [[ -z $base && ${AIKEYS_BASE:-} =~ ^[0-9a-f]{40,64}$ ]]; then
        base=$(commit "$AIKEYS_BASE") || base=""
    fi
    [[ -n $base ]] || fail "the base of this pull request is not in the checkout: give actions/checkout fetch-depth 2, or 0 where something else than the merge is checked out"
    [[ $base != "$head" ]] || fail "the base of this pull request is what is checked out, so nothing of it would be checked: let actions/checkout take the head of the pull request"
    printf '%s' "$base"
}

case $AIKEYS_SINCE in
# The function ends in a shell of its own, and what it says on an error is all that it wrote.
auto) since=$(base) || { printf '%s\n' "$since"; exit 2; } ;;
none | "") since="" ;;
*) since=$AIKEYS_SINCE ;;
esac

# What a command line says of a value that it does not know may hold lines that are commands of the runner.
case ${AIKEYS_FAIL_ON:-} in
"" | error | warning | info | hint | off) ;;
*) fail "the input fail-on is error, warning, info, hint or off" ;;
esac

# Runs of one job must not find the reports of each other.
reports=$(mktemp -d "${RUNNER_TEMP:?}/aikeys-XXXXXX")
arguments=(--check --force-exclude --format=github "--output=jsonl=$reports/findings.jsonl" "--output=sarif=$reports/aikeys.sarif")
[[ -z $since ]] || arguments+=("--since=$since")
[[ -z ${AIKEYS_BASELINE:-} ]] || arguments+=("--baseline=$AIKEYS_BASELINE")
[[ -z ${AIKEYS_FAIL_ON:-} ]] || arguments+=("--fail-on=$AIKEYS_FAIL_ON")
[[ ${AIKEYS_SUMMARY:-} != true ]] || arguments+=("--output=github-summary=$reports/summary.md")
arguments+=(--)
while IFS= read -r path; do
    path=${path%$'\r'}
    [[ -z $path ]] || arguments+=("$path")
done <<<"${AIKEYS_PATHS:-.}"
[[ ${arguments[${#arguments[@]} - 1]} != -- ]] || fail "the input paths names no file and no folder"

code=0
"$AIKEYS_PROGRAM" "${arguments[@]}" || code=$?

count() { if [[ -f $reports/findings.jsonl ]]; then grep -c "$1" "$reports/findings.jsonl" || true; fi; }
{
    echo "exit-code=$code"
    echo "findings=$(count '')"
    # Inside of a text the quotes would have backslashes.
    echo "errors=$(count '"severity":"error"')"
    if [[ -f $reports/aikeys.sarif ]]; then echo "sarif-file=$reports/aikeys.sarif"; fi
} >>"$GITHUB_OUTPUT"
if [[ -f $reports/summary.md ]]; then cat "$reports/summary.md" >>"$GITHUB_STEP_SUMMARY"; fi
exit "$code"
