#!/usr/bin/env bash
# Starts the standby of deploy/compose.ha.yml. The first start copies the primary, as the account postgres.
set -euo pipefail
export PGPASSWORD=$REPLICATION_PASSWORD PGDATA=${PGDATA:?}

if [[ ! -s $PGDATA/PG_VERSION ]]; then
  # The primary answers before the account for replication exists.
  until pg_basebackup --pgdata="$PGDATA" --checkpoint=fast --wal-method=stream --write-recovery-conf \
    --dbname='host=primary user=industrydata_replication application_name=standby'; do
    rm -rf "${PGDATA:?}"/*
    sleep 2
  done
fi

exec docker-entrypoint.sh postgres
