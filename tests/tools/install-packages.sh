#!/usr/bin/env bash
# Makes sure that the machine has what a word stands for, or says in one sentence what is missing.
#
#     tests/tools/install-packages.sh python|node|browsers|image|speech|valgrind
#
# Installs Debian packages, and only those that are missing; that needs root, or sudo.
set -euo pipefail

say() {
  echo "milkglass: $*" >&2
}

as_root() {
  if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n -- "$@"; fi
}

install() {
  local hint="run 'apt-get install $*' as root, then try again."
  command -v apt-get >/dev/null || { say "$* missing, and this is no Debian: install them."; exit 1; }
  as_root true 2>/dev/null || { say "$* missing: $hint"; exit 1; }
  say "installing $*"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq update >/dev/null || true
  as_root env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq install -y --no-install-recommends "$@" >/dev/null ||
    { say "$* could not be installed: $hint"; exit 1; }
}

has_python() {
  "${PYTHON:-python3}" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

has_node() {
  command -v npm >/dev/null &&
    node -e '[a, b] = process.versions.node.split("."); process.exit(a * 100 + +b < 2019 ? 1 : 0)' 2>/dev/null
}

python() {
  has_python || install python3 python3-venv
  has_python || { say "Python 3.11 or newer with venv is missing: name one by PYTHON=…"; exit 1; }
}

node_js() {
  has_node || install nodejs npm
  has_node || { say "Node.js 20.19 or newer is missing and this Debian's is older: install it."; exit 1; }
}

browsers() {
  local missing=()
  command -v chromium >/dev/null || missing+=(chromium)
  command -v chromedriver >/dev/null || missing+=(chromium-driver)
  command -v firefox-esr >/dev/null || missing+=(firefox-esr)
  command -v prometheus >/dev/null || missing+=(prometheus)
  PATH="$PATH:/usr/sbin:/sbin" command -v ip >/dev/null || missing+=(iproute2)
  PATH="$PATH:/usr/sbin:/sbin" command -v tcpdump >/dev/null || missing+=(tcpdump)
  command -v janus >/dev/null || missing+=(janus)
  if [ "${#missing[@]}" -gt 0 ]; then install "${missing[@]}"; fi
}

image() {
  PATH="$PATH:/usr/sbin:/sbin"
  local missing=()
  command -v mmdebstrap >/dev/null || missing+=(mmdebstrap)
  command -v ip >/dev/null || missing+=(iproute2)
  [ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
  if [ "${#missing[@]}" -gt 0 ]; then install "${missing[@]}"; fi
}

callgrind() {
  local missing=()
  command -v valgrind >/dev/null || missing+=(valgrind)
  command -v cc >/dev/null || missing+=(gcc libc6-dev)
  if [ "${#missing[@]}" -gt 0 ]; then install "${missing[@]}"; fi
}

speech() {
  PATH="$PATH:/usr/sbin:/sbin"
  local missing=()
  command -v espeak-ng >/dev/null || missing+=(espeak-ng)
  command -v tcpdump >/dev/null || missing+=(tcpdump)
  if [ "${#missing[@]}" -gt 0 ]; then install "${missing[@]}"; fi
}

case "${1:-}" in
  python) python ;;
  node) node_js ;;
  browsers) browsers ;;
  image) image ;;
  speech) speech ;;
  valgrind) callgrind ;;
  *) say "usage: $0 python|node|browsers|image|speech|valgrind"; exit 2 ;;
esac
