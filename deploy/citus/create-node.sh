#!/usr/bin/env bash
# Lets a node of deploy/compose.citus.yml log in to the other nodes. The image of Citus runs this when it makes the
# database.
set -euo pipefail
umask 077

cat >"$PGPASSFILE" <<EOF
*:*:*:$POSTGRES_USER:$POSTGRES_PASSWORD
*:*:*:industrydata_owner:$OWNER_PASSWORD
EOF
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --username="$POSTGRES_USER" --dbname="$POSTGRES_DB" \
  --command='CREATE EXTENSION IF NOT EXISTS citus'
