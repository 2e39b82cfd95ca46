#!/bin/sh
# Brings what Codec Lab needs onto this machine: `tools/setup.sh python`, `node`, `kernels`,
# `dashboard`, and for the browser tests `chromium`.
# As root on Debian it installs missing system packages; otherwise it names them in one sentence.
set -eu
cd "$(dirname "$0")/.."

fail() {
    echo "codec-lab: $*" >&2
    exit 1
}

# need PACKAGE...: install Debian packages, or say which are missing.
need() {
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        echo "Installing Debian packages: $*"
        log=$(mktemp)
        if ! { apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
            apt-get install -qq -y --no-install-recommends "$@"; } >"$log" 2>&1 </dev/null; then
            tail -n 5 "$log" >&2
            rm -f "$log"
            fail "apt-get could not install $*; install it by hand and try again."
        fi
        rm -f "$log"
    else
        fail "please install $* (on Debian: sudo apt-get install $*) and try again."
    fi
}

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

find_python() {
    for name in python3.11 python3 python3.12 python3.13 python3.14; do
        if command -v "$name" >/dev/null && is_new_enough "$name"; then
            echo "$name"
            return
        fi
    done
}

has_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}

has_seccomp() {
    "$1" -c 'import ctypes; ctypes.CDLL("libseccomp.so.2")' 2>/dev/null
}

set_up_python() {
    python=$(find_python)
    if [ -z "$python" ]; then
        need python3 python3-venv
        python=$(find_python)
        [ -n "$python" ] || fail "Python 3.11 or newer is needed; please install it and try again."
    fi
    has_venv "$python" || need python3-venv
    has_seccomp "$python" || need libseccomp2
    if ! [ -x .venv/bin/python ] || ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
        "$python" -m venv --clear .venv
    fi
    echo "Installing the pinned Python packages into .venv (about a minute, once)"
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input --no-deps \
        -r requirements.txt </dev/null
    .venv/bin/python -m pip install -qq --disable-pip-version-check --no-input --no-deps \
        -e . </dev/null
    touch .venv/.installed
}

warm_kernels() {
    echo "Compiling the toolbox's kernels (a minute or two, once)"
    .venv/bin/python -m codec_worker.toolbox.warm >/dev/null
    touch .venv/.warmed
}

set_up_node() {
    if ! command -v node >/dev/null || ! command -v npm >/dev/null; then
        need nodejs npm
    fi
    node -e 'const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' ||
        fail "Node.js 20.19 or newer is needed to build the dashboard, this is $(node --version)."
    echo "Installing the pinned CDK CLI and the dashboard's packages into node_modules (once)"
    npm ci --silent --no-audit --no-fund </dev/null
    touch node_modules/.installed
}

build_dashboard() {
    echo "Building the dashboard (some seconds, after a change)"
    npm run --silent build --workspace dashboard -- --logLevel warn </dev/null
}

set_up_chromium() {
    command -v chromium >/dev/null || need chromium fonts-liberation
}

case "${1:-}" in
    python) set_up_python ;;
    node) set_up_node ;;
    kernels) warm_kernels ;;
    dashboard) build_dashboard ;;
    chromium) set_up_chromium ;;
    *) fail "usage: tools/setup.sh python|node|kernels|dashboard|chromium" ;;
esac
