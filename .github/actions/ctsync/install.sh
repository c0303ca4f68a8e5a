#!/usr/bin/env bash
# Install ctsync into an environment of its own, once a job.
set -euo pipefail

version="${CTSYNC_ACTION_VERSION:-}"
requirements="${CTSYNC_ACTION_REQUIREMENTS:-}"
venv="${RUNNER_TEMP:?}/ctsync-action"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source="$(cd "$here/../../.." && pwd)"
requirement="${version:-$source}"
installed="$venv/installed-requirement"

fail() { # MESSAGE
  echo "::error title=ctsync::$1"
  exit 1
}

if [[ -z "$version$requirements" && -f "$installed" && "${CTSYNC_ACTION_COMMAND:-}" != install ]]; then
  exit 0 # by a step before this one, which said what
fi
if [[ -n "$requirements" ]]; then
  [[ -f "$requirements" ]] ||
    fail "$requirements is missing; requirements-ctsync.in says how to make it"
  requirement="$(cksum <"$requirements") $requirements"
elif [[ -z "$version" && ! -f "$source/ctsync/__init__.py" ]]; then
  fail "a copy of the action does not know which ctsync to install; give its input requirements or version"
fi

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  fail "ctsync needs Python 3.11 or newer; use actions/setup-python before this action"
fi

if [[ -f "$installed" && "$(cat "$installed")" == "$requirement" ]]; then
  exit 0
fi

run_pip() { # pip, and what it may build, get none of the job's secrets
  local kept=() name
  for name in PATH HOME TMPDIR LANG PIP_CONFIG_FILE PIP_INDEX_URL PIP_EXTRA_INDEX_URL \
    PIP_TRUSTED_HOST PIP_CERT SSL_CERT_FILE REQUESTS_CA_BUNDLE HTTP_PROXY HTTPS_PROXY \
    NO_PROXY http_proxy https_proxy no_proxy; do
    if [[ -n "${!name:-}" ]]; then kept+=("$name=${!name}"); fi
  done
  env -i "${kept[@]}" "$venv/bin/python" -m pip install --quiet \
    --disable-pip-version-check "$@"
}

python3 -m venv "$venv"
if [[ -n "$requirements" ]]; then
  run_pip --require-hashes --only-binary :all: --requirement "$requirements"
else
  # After -- nothing is an option, whatever the requirement says.
  run_pip -- "$requirement"
fi
printf '%s' "$requirement" >"$installed"
