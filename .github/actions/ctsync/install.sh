#!/usr/bin/env bash
# Install ctsync into an environment of its own, once a job.
set -euo pipefail

version="${CTSYNC_ACTION_VERSION:-}"
venv="${RUNNER_TEMP:?}/ctsync-action"
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
source="$(cd "$here/../../.." && pwd)"
requirement="${version:-$source}"

if [[ -z "$version" && ! -f "$source/ctsync/__init__.py" ]]; then
  echo "::error title=ctsync::a copy of the action does not know which ctsync to install; give its input version"
  exit 1
fi

if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
  echo "::error title=ctsync::ctsync needs Python 3.11 or newer; use actions/setup-python before this action"
  exit 1
fi

installed="$venv/installed-requirement"
if [[ -f "$installed" && "$(cat "$installed")" == "$requirement" ]]; then
  exit 0
fi
python3 -m venv "$venv"
# After -- nothing is an option, whatever the requirement says.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -- "$requirement"
printf '%s' "$requirement" >"$installed"
