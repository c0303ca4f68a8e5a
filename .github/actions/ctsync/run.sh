#!/usr/bin/env bash
# One command of the action. Inputs come as CTSYNC_ACTION_* variables; everything that
# reads JSON or speaks HTTP is in the Python files beside this one.
set -euo pipefail
umask 077

here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
venv="${RUNNER_TEMP:?}/ctsync-action"
python="$venv/bin/python"
ctsync="$venv/bin/ctsync"
work="$(mktemp -d "$RUNNER_TEMP/ctsync.XXXXXXXX")"

command="${CTSYNC_ACTION_COMMAND:-}"
project="${CTSYNC_ACTION_PROJECT:-.}"
plan_file="${CTSYNC_ACTION_PLAN_FILE:-}"
expect_digest="${CTSYNC_ACTION_EXPECT_DIGEST:-}"
json_file="$work/document.json"
report_file="$work/report.md"
outcomes_file="$work/outcomes.jsonl"
saved=

# ctsync itself never sees the token.
token="${CTSYNC_ACTION_TOKEN:-}"
unset CTSYNC_ACTION_TOKEN

fail() { # CODE MESSAGE: the message is ours, on one line
  echo "::error title=ctsync::$2"
  output exit-code "$1"
  exit "$1"
}

output() { # NAME VALUE
  case "$2" in
    *$'\n'* | *$'\r'*) fail 64 "a name of more than one line: the output $1" ;;
  esac
  printf '%s=%s\n' "$1" "$2" >>"${GITHUB_OUTPUT:-/dev/null}"
}

summarise() { # FILE: the runner drops a step's summary of more than 1024 KiB as a whole
  if (($(wc -c <"$1") > 1000000)); then
    echo "::warning title=ctsync::the summary is too long for the page of this run"
  else
    printf '\n' | cat -- "$1" - >>"${GITHUB_STEP_SUMMARY:-/dev/null}"
  fi
}

is_on() { # NAME: whether the input with that variable is true
  case "${!1:-false}" in
    true) return 0 ;;
    false) return 1 ;;
    *) fail 64 "an input is neither true nor false: ${1#CTSYNC_ACTION_}" ;;
  esac
}

child=
signalled=
pass_on() { # a cancelled job: ctsync finishes what is in flight and writes it down
  signalled=yes
  kill -TERM "$child" 2>/dev/null || true
}

run() { # COMMAND...: run it, give its exit code in $code
  # What it says about the project is text: a value must not speak to the runner.
  local fence
  fence="$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')"
  printf '::stop-commands::%s\n' "$fence" >&2
  "$@" &
  child=$!
  trap pass_on INT TERM
  while :; do
    signalled=
    code=0
    wait "$child" || code=$?
    [[ -n "$signalled" ]] || break
  done
  trap - INT TERM
  printf '\n::%s::\n' "$fence" >&2
}

each_line() { # OPTION TEXT: one OPTION=LINE in $options for each line that says something
  local line
  while IFS= read -r line || [[ -n "$line" ]]; do
    line="${line#"${line%%[![:space:]]*}"}"
    line="${line%"${line##*[![:space:]]}"}"
    [[ -z "$line" ]] || options+=("$1=$line")
  done <<<"$2"
}

place_options() {
  options=(--no-color)
  [[ -z "${CTSYNC_ACTION_ENVIRONMENT:-}" ]] || options+=("--env=$CTSYNC_ACTION_ENVIRONMENT")
  ! is_on CTSYNC_ACTION_SANDBOX || options+=(--sandbox)
}

planning_options() {
  place_options
  each_line --target "${CTSYNC_ACTION_TARGET:-}"
  each_line --accept "${CTSYNC_ACTION_ACCEPT:-}"
}

validate() {
  place_options
  ! is_on CTSYNC_ACTION_STRICT || options+=(--strict)
  run "$ctsync" validate "${options[@]}" --format=github -- "$project" >"$work/annotations"
  "$python" "$here/findings.py" "$work/annotations" "$project" "$code" >"$report_file"
  summarise "$report_file"
  output report-file "$report_file"
  output exit-code "$code"
  return "$code"
}

make_plan() { # save the plan, say what it comes to, give ctsync's exit code in $code
  local ended
  plan_file="${plan_file:-$work/ctsync.plan}"
  planning_options
  run "$ctsync" plan "${options[@]}" --detailed-exitcode --summary --format=json \
    --out="$plan_file" -- "$project" >"$json_file"
  case "$code" in
    0 | 2 | 6) ;;
    *) stop_at_error plan ;;
  esac
  ended="$code"
  show_plan
  code="$ended"
}

show_plan() { # render the saved plan into the summary
  run "$ctsync" show --format=markdown -- "$plan_file" >"$report_file"
  [[ "$code" == 0 ]] || fail "$code" "the saved plan cannot be shown"
  summarise "$report_file"
}

stop_at_error() { # COMMAND: end as ctsync did, with what its document says
  "$python" "$here/outcome.py" error "$1" "$code" "$json_file" >"$work/error.md"
  summarise "$work/error.md"
  output json-file "$json_file"
  output exit-code "$code"
  exit "$code"
}

tell_plan() {
  "$python" "$here/outcome.py" plan "$json_file"
  output plan-file "$plan_file"
  output report-file "$report_file"
  output json-file "$json_file"
}

plan() {
  make_plan
  tell_plan
  output exit-code "$code"
  if [[ -n "$number" ]] && is_on CTSYNC_ACTION_COMMENT; then
    CTSYNC_ACTION_TOKEN="$token" "$python" "$here/comment.py" \
      update "$report_file" "$number" "$head"
  fi
  if [[ "$code" == 6 ]]; then
    fail 6 "the plan is blocked by policy; the summary says by which rules"
  fi
}

apply() {
  local folder="$project"
  if [[ -n "$plan_file" ]]; then
    open_plan
  elif [[ -n "$expect_digest" ]]; then
    make_plan
  else
    fail 64 "apply needs what was approved: plan-file or expect-digest"
  fi
  tell_plan
  [[ "$code" != 6 ]] || fail 6 "the plan is blocked by policy, so it was not applied"
  if [[ "$expect_digest" == merged ]]; then
    if "$python" "$here/outcome.py" unchanged "$json_file"; then
      echo "::notice title=ctsync::no changes, so there is nothing to apply"
      output exit-code 0
      return 0
    fi
    find_approved
  fi
  planning_options
  options+=(--format=json "--report=$outcomes_file")
  if [[ -n "$expect_digest" ]]; then
    options+=("--expect-digest=$expect_digest")
  else
    options+=(--auto-approve)
  fi
  ! is_on CTSYNC_ACTION_FIRST_RUN || options+=(--first-run)
  if [[ -z "$saved" ]]; then
    run "$ctsync" apply "${options[@]}" -- "$project" >"$json_file"
  else
    # A saved plan takes the project of the folder that ctsync runs in.
    [[ ! -f "$project" ]] || folder="$(dirname -- "$project")"
    run "$ctsync" -C "$folder" apply "${options[@]}" -- "$saved" >"$json_file"
  fi
  tell_apply
}

open_plan() { # show the plan that was saved before, and approved as it is
  saved="$(cd "$(dirname -- "$plan_file")" && pwd)/$(basename -- "$plan_file")"
  plan_file="$saved"
  run "$ctsync" show --summary --format=json -- "$saved" >"$json_file"
  [[ "$code" == 0 ]] || stop_at_error show
  show_plan
}

find_approved() { # the digest that was reviewed, in $expect_digest
  expect_digest="$(CTSYNC_ACTION_TOKEN="$token" "$python" "$here/comment.py" \
    approved "$report_file")" || fail 4 "nothing was sent: no reviewed digest was found"
}

tend() { # COMMAND: `import` or `state`, with the words of the input `arguments`
  local folder="$project" line words=()
  [[ ! -f "$project" ]] || folder="$(dirname -- "$project")"
  while IFS= read -r line || [[ -n "$line" ]]; do
    line="${line%$'\r'}"
    [[ -z "$line" ]] || words+=("$line")
  done <<<"${CTSYNC_ACTION_ARGUMENTS:-}"
  ((${#words[@]})) || fail 64 "$1 needs its words in the input arguments, one a line"
  place_options
  case "$1 ${words[0]}" in
    "state list" | "state show" | "state history") ;;
    *) options+=(--auto-approve) ;;
  esac
  run "$ctsync" -C "$folder" "$1" "${words[@]}" "${options[@]}" >"$work/said.txt"
  "$python" "$here/outcome.py" said "$1" "$code" "$work/said.txt" >"$report_file"
  summarise "$report_file"
  output report-file "$report_file"
  output exit-code "$code"
  return "$code"
}

look() { # COMMAND: `drift` or `verify`; one issue says what it found, while it is so
  local folder="$project" ended
  [[ ! -f "$project" ]] || folder="$(dirname -- "$project")"
  place_options
  [[ -z "${CTSYNC_ACTION_SAMPLE:-}" ]] || options+=("--sample=$CTSYNC_ACTION_SAMPLE")
  run "$ctsync" -C "$folder" "$1" "${options[@]}" --detailed-exitcode --format=markdown \
    >"$report_file"
  ended="$code"
  [[ ! -s "$report_file" ]] || summarise "$report_file"
  output report-file "$report_file"
  output exit-code "$ended"
  case "$ended" in
    0) output has-drift false ;;
    2) output has-drift true ;;
    *) fail "$ended" "the platform could not be read, or not all of it; the log says why" ;;
  esac
  is_on CTSYNC_ACTION_ISSUE || return 0
  # Of a sample nobody can say that no drift is left.
  if [[ "$ended" == 0 && -n "${CTSYNC_ACTION_SAMPLE:-}" ]]; then
    echo "A sample closes no issue."
    return 0
  fi
  [[ "$ended" == 0 ]] && word=closed || word=open
  CTSYNC_ACTION_TOKEN="$token" "$python" "$here/issue.py" "$word" "$report_file"
}

tell_apply() {
  [[ ! -f "$outcomes_file" ]] || output report-file "$outcomes_file"
  case "$code" in
    0 | 3 | 130 | 143) ;;
    *) stop_at_error apply ;;
  esac
  "$python" "$here/outcome.py" apply "$json_file" >"$work/apply.md"
  summarise "$work/apply.md"
  output exit-code "$code"
  return "$code"
}

read -r trust number head < <("$python" "$here/event.py") || fail 1 "the event cannot be read"
[[ "$number" != - ]] || number=
case "$command" in
  apply | drift | verify | import) ;;
  *) unset CLEVERTAP_PASSCODE ;; # planning needs none, and a spec could name it
esac
if [[ "$trust" == refused ]]; then
  fail 64 "a pull request from a fork must not run with secrets: use pull_request, not $GITHUB_EVENT_NAME"
fi
case "$command:$trust" in
  validate:*) validate ;;
  plan:fork)
    echo "::notice title=ctsync::a pull request without access to secrets is only validated"
    validate
    ;;
  plan:*) plan ;;
  apply:fork) fail 64 "a pull request from a fork cannot apply" ;;
  apply:*) apply ;;
  import:fork | state:fork) fail 64 "a pull request from a fork cannot use the state" ;;
  import:* | state:*) tend "$command" ;;
  drift:fork | verify:fork) fail 64 "a pull request from a fork cannot read the platform" ;;
  drift:* | verify:*) look "$command" ;;
  *) fail 64 "command is validate, plan, apply, drift, verify, import or state" ;;
esac
