# What the scripts share: speaking plainly, looking for programs, installing what is missing.
# Sourced by scripts/*; it changes into the repository root.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target_dir=${CARGO_TARGET_DIR:-target}
mkdir -p "$target_dir"
target_dir=$(cd "$target_dir" && pwd)

say() { printf '\n== %s\n' "$*"; }

fail() {
  printf 'error: %s\n' "$1" >&2
  shift
  for line in "$@"; do printf '       %s\n' "$line" >&2; done
  exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }

# version_at_least HAVE WANTED: compares dotted numbers.
version_at_least() { [ "$(printf '%s\n%s\n' "$2" "$1" | sort -V | head -n 1)" = "$2" ]; }

# install_packages WHAT PACKAGE...: from the system's packages, as root or by sudo; otherwise says which.
install_packages() {
  local what=$1
  shift
  local -a as_root=()
  if ! have apt-get; then
    fail "$what is missing." "Install what your system calls these packages, then run this again: $*"
  fi
  if [ "$(id -u)" -ne 0 ]; then
    if ! have sudo || ! sudo -n true 2>/dev/null; then
      fail "$what is missing." "Run this once, then repeat: sudo apt-get install --no-install-recommends $*"
    fi
    as_root=(sudo -n)
  fi
  say "Installing $what: $*"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

need_build_tools() {
  have cargo && have rustc || fail "Rust is missing." "Install Rust 1.95 or newer (rustup), then run this again."
  local rust
  rust=$(rustc --version | awk '{ print $2 }')
  version_at_least "$rust" 1.95.0 || fail "Rust $rust is too old: 1.95 is the oldest that works." "Run: rustup update stable"
  have node && have npm || fail "Node.js is missing." "Install Node.js 20.19 or newer with npm, then run this again."
  local node
  node=$(node --version)
  version_at_least "${node#v}" 20.19.0 || fail "Node.js $node is too old: 20.19 is the oldest that works."
  have cc || install_packages "a C compiler" gcc libc6-dev
}

# install_node_modules FOLDER: exactly what the lock file says, and only when it changed.
install_node_modules() {
  local stamp="$1/node_modules/.lock-installed"
  if [ ! -f "$stamp" ] || ! cmp -s "$1/package-lock.json" "$stamp"; then
    say "Installing the packages of $1"
    npm ci --prefix "$1" --no-audit --no-fund --loglevel=error
    cp "$1/package-lock.json" "$stamp"
  fi
}
