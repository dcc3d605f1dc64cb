#!/usr/bin/env bash
# Starts the standby of deploy/compose.ha.yml. The first start copies the primary.
set -euo pipefail
export PGPASSWORD=$REPLICATION_PASSWORD PGDATA=${PGDATA:?}

# As in the image of PostgreSQL: a new volume may belong to root.
if [[ $(id -u) == 0 ]]; then
  install --directory --owner=postgres --group=postgres --mode=700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "${BASH_SOURCE[0]}"
fi

if [[ ! -s $PGDATA/PG_VERSION ]]; then
  # The primary answers before the account for replication exists.
  until pg_basebackup --pgdata="$PGDATA" --checkpoint=fast --wal-method=stream --write-recovery-conf \
    --dbname='host=primary user=industrydata_replication application_name=standby'; do
    rm -rf "${PGDATA:?}"/*
    sleep 2
  done
fi

exec docker-entrypoint.sh postgres
