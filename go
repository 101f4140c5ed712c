#!/usr/bin/env bash
# Set up and run Commonweal from a fresh clone: ./go demo, ./go test, or ./go VERB for any other command.
# Needs python3 (3.11 or newer). Exit 69: something is missing that only an administrator can install.
set -euo pipefail
cd "$(dirname "$0")"
here=$PWD
export COMMONWEAL_HOME="${COMMONWEAL_HOME:-$here/.commonweal}"
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
export OPENBLAS_NUM_THREADS="${OPENBLAS_NUM_THREADS:-1}" # kernels are threaded by us; two layers of threads only wait

say() { printf '%s\n' "$*" >&2; }
missing() { say "$1"; exit 69; }

as_root() { [ "$(id -u)" -eq 0 ]; }

apt_install() {
  say "Installing Debian packages: $*"
  apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >&2
}

python=
find_python() {
  local candidate
  for candidate in python3 python3.11 python3.12 python3.13; do
    if command -v "$candidate" >/dev/null 2>&1 \
      && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      python=$candidate
      return
    fi
  done
  as_root && command -v apt-get >/dev/null 2>&1 && apt_install python3 python3-venv && python=python3 && return
  missing "Python 3.11 or newer is needed. An administrator can run: apt-get install python3 python3-venv"
}

make_venv() {
  [ -x .venv/bin/python ] && return
  rm -rf .venv
  if ! "$python" -m venv .venv >/dev/null 2>&1; then
    rm -rf .venv
    as_root && command -v apt-get >/dev/null 2>&1 \
      || missing "Python's venv module is needed. An administrator can run: apt-get install python3-venv"
    apt_install python3-venv
    "$python" -m venv .venv
  fi
}

# Installs a lock once; a stamp with the checksum of what was installed makes the second run quick.
install_lock() {
  local lock=$1 want have
  want=$(cat "$lock" pyproject.toml | sha256sum | cut -d' ' -f1)
  have=$(cat ".venv/.installed-$lock" 2>/dev/null || true)
  [ "$want" = "$have" ] && return
  say "Installing the packages of $lock (about a minute the first time)"
  .venv/bin/python -m pip install -q --require-hashes --no-deps -r "$lock" >&2
  .venv/bin/python -m pip install -q --no-deps --no-build-isolation -e . >&2
  printf '%s' "$want" > ".venv/.installed-$lock"
}

# The browser tests drive Debian's Chromium. Root installs it; anybody else unpacks it below COMMONWEAL_HOME.
find_chromium() {
  local root="$COMMONWEAL_HOME/chromium" deb
  if command -v chromium >/dev/null 2>&1; then
    COMMONWEAL_CHROMIUM=$(command -v chromium)
  elif as_root; then
    command -v apt-get >/dev/null 2>&1 || missing "The browser tests need Chromium: install it and put it on PATH."
    apt_install chromium fonts-noto-core
    COMMONWEAL_CHROMIUM=$(command -v chromium)
  else
    if [ ! -x "$root/run" ]; then
      command -v apt-get >/dev/null 2>&1 && command -v dpkg-deb >/dev/null 2>&1 \
        || missing "The browser tests need Chromium. An administrator can run: apt-get install chromium fonts-noto-core"
      say "Unpacking Chromium below $root (no administrator needed)"
      rm -rf "$root"
      mkdir -p "$root/lists/partial" "$root/cache/archives/partial" "$root/files"
      local options=(-qq -o "Dir::State::lists=$root/lists" -o "Dir::Cache=$root/cache" -o Debug::NoLocking=1)
      apt-get "${options[@]}" update >&2 \
        && apt-get "${options[@]}" install -y --no-install-recommends --download-only chromium fonts-noto-core >&2 \
        || missing "Chromium could not be fetched. An administrator can run: apt-get install chromium fonts-noto-core"
      for deb in "$root"/cache/archives/*.deb; do dpkg-deb -x "$deb" "$root/files"; done
      {
        printf '#!/bin/sh\nr=%q\n' "$root/files"
        printf 'libs=$(find "$r/usr/lib" -maxdepth 2 -type d | tr "\\n" ":")\n'
        printf 'export LD_LIBRARY_PATH="$libs${LD_LIBRARY_PATH:-}"\n'
        printf 'exec "$r/usr/lib/chromium/chromium" "$@"\n'
      } > "$root/run"
      chmod +x "$root/run"
      rm -rf "$root/cache" "$root/lists"
    fi
    COMMONWEAL_CHROMIUM="$root/run"
  fi
  export COMMONWEAL_CHROMIUM
}

set_up() {
  find_python
  make_venv
  install_lock "$1"
}

run_tests() {
  # two processes; each takes whole files, because a file's tests share one database
  local quick=(-q -p no:cacheprovider -n 2 --dist loadfile --cov=commonweal --cov-report=term:skip-covered)
  say "Lint";            .venv/bin/ruff check .
  say "Format";          .venv/bin/ruff format --check .
  say "Import contracts"; .venv/bin/lint-imports
  say "Types";           .venv/bin/mypy
  say "Tests"
  exec .venv/bin/python -m pytest "${quick[@]}" "$@"
}

case "${1:-}" in
  "" | -h | --help)
    say "usage: ./go demo        install what is needed and open the demonstration on http://127.0.0.1:8000"
    say "       ./go test        install what is needed and run every check"
    say "       ./go set-up      install only"
    say "       ./go VERB …      any other command of commonweal (./go help lists them)"
    ;;
  test)
    shift
    set_up requirements-test.lock
    find_chromium
    run_tests "$@"
    ;;
  set-up) set_up requirements-test.lock ;;
  help) set_up requirements.lock; exec .venv/bin/commonweal --help ;;
  *) set_up requirements.lock; exec .venv/bin/commonweal "$@" ;;
esac
