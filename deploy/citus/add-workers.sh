#!/usr/bin/env bash
# Adds the workers to the coordinator of deploy/compose.citus.yml. It can be repeated, for example with a new worker.
set -euo pipefail

add() {
  psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --command="$1" >/dev/null
}

add "SELECT citus_set_coordinator_host('$PGHOST')"
for worker in $WORKERS; do
  add "SELECT citus_add_node('$worker', 5432)"
done
