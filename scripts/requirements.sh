# shellcheck shell=bash
# What ./run and ./test need from the machine. Sourced by both; everything it prints goes to stderr,
# because the stdout of `./run token` is the token.

fail() {
  echo "$*" >&2
  exit 1
}

# need_sdk ROOT: global.json there names the SDK; `dotnet --version` fails when none fits.
need_sdk() {
  (cd "$1" && dotnet --version) >/dev/null 2>&1 ||
    fail "The .NET SDK $(sed -n 's/.*"version": *"\(.*\)".*/\1/p' "$1/global.json") (or a newer 10.0) is missing:" \
      "https://dotnet.microsoft.com/download/dotnet/10.0"
}

# need_postgres: installs a PostgreSQL server when there is none that the embedded database can use.
need_postgres() {
  local as_root=()
  has_postgres && return
  if ((EUID != 0)); then as_root=(sudo); fi
  if ! command -v apt-get >/dev/null ||
     { ((EUID != 0)) && ! sudo -n true 2>/dev/null && ! { [[ -t 0 ]] && command -v sudo >/dev/null; }; }; then
    fail "PostgreSQL 15, 16, 17 or 18 (server programs) is missing: install it, or set ConnectionStrings__IndustryData."
  fi
  echo "Installing the PostgreSQL server programs (no cluster is created, no service started) …" >&2
  "${as_root[@]}" bash -c "$(declare -f prepare_apt install_packages install_postgres); install_postgres" >&2 ||
    fail "apt could not install PostgreSQL; what it said stands above."
  has_postgres ||
    fail "This system's package \"postgresql\" is not version 15 to 18:" \
      "install one of these, or set ConnectionStrings__IndustryData."
}

# need_prometheus: installs Prometheus in CI, where a test reads the metrics page with it. Elsewhere, the test is
# skipped if Prometheus is missing, because the package starts a service at boot.
need_prometheus() {
  local as_root=()
  [[ -n ${CI:-} ]] || return 0
  if command -v promtool >/dev/null && command -v prometheus >/dev/null; then return; fi
  if ((EUID != 0)); then as_root=(sudo -n); fi
  if command -v apt-get >/dev/null && { ((EUID == 0)) || sudo -n true 2>/dev/null; }; then
    echo "Installing Prometheus (no service is started) …" >&2
    "${as_root[@]}" bash -c "$(declare -f prepare_apt install_packages install_prometheus); install_prometheus" >&2 ||
      fail "apt could not install Prometheus; its messages are above."
  else
    fail "Prometheus is missing: install promtool and prometheus, or unset CI to skip their test."
  fi
}

# Looks where the service itself looks for the server programs.
has_postgres() {
  if [[ -n ${EmbeddedPostgres__BinDirectory:-} ]]; then return 0; fi # the service says what is wrong with it
  local folder folders
  IFS=: read -ra folders <<<"$PATH"
  for folder in "${folders[@]}" \
      /usr/lib/postgresql/*/bin /usr/pgsql-*/bin \
      /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
    if [[ -x $folder/initdb && -x $folder/postgres &&
          "$("$folder/postgres" --version 2>/dev/null)" =~ \)\ 1[5-8]([^0-9]|$) ]]; then
      return 0
    fi
  done
  return 1
}

# Runs as root, in a shell of its own. Packages that are installed afterwards start no service.
prepare_apt() {
  local policy=/usr/sbin/policy-rc.d
  export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1

  # Debian's way to say that packages start no service; an administrator's own policy is left alone.
  if [ ! -e "$policy" ]; then
    trap 'rm -f /usr/sbin/policy-rc.d' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi

  apt-get update -qq || echo "apt-get update failed; trying with the package lists of before." >&2
}

# install_packages PACKAGE…: runs after prepare_apt.
install_packages() {
  apt-get install -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120 --no-install-recommends "$@"
}

# Runs as root, in a shell of its own.
install_prometheus() {
  set -eu
  prepare_apt
  install_packages prometheus
}

# Runs as root, in a shell of its own.
install_postgres() {
  set -eu
  local settings=/etc/postgresql-common/createcluster.conf

  prepare_apt

  # The server package creates a cluster of its own, on port 5432, unless this file forbids it. The file
  # comes with postgresql-common, which therefore comes first.
  install_packages postgresql-common
  if grep -q '^[#[:space:]]*create_main_cluster' "$settings"; then
    sed -i 's/^[#[:space:]]*create_main_cluster.*/create_main_cluster = false/' "$settings"
  else
    echo 'create_main_cluster = false' >>"$settings"
  fi
  install_packages postgresql
}
