#!/usr/bin/env bash
# Creates the account of the standby of deploy/compose.ha.yml and admits it. The image of PostgreSQL runs this when it
# makes the database of the primary.
set -euo pipefail
export PGUSER=$POSTGRES_USER PGDATABASE=$POSTGRES_DB

psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 <<'SQL'
\getenv password REPLICATION_PASSWORD
CREATE ROLE industrydata_replication LOGIN REPLICATION PASSWORD :'password';
ALTER SYSTEM SET synchronous_standby_names = 'standby';
ALTER SYSTEM SET wal_keep_size = '1GB';
SQL
echo 'host replication industrydata_replication all scram-sha-256' >>"$PGDATA/pg_hba.conf"
