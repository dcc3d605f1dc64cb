#!/usr/bin/env bash
# Creates the roles of the service in the database of docker-compose.yml. The image of PostgreSQL runs this when it
# makes the database. It can be repeated, for example in a stack of a version whose service was a superuser.
set -euo pipefail
export PGUSER=$POSTGRES_USER PGDATABASE=$POSTGRES_DB PGOPTIONS='-c client_min_messages=warning'

psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 --file=/usr/local/share/industrydata/roles.sql
psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 <<'SQL'
\getenv password OWNER_PASSWORD
ALTER ROLE industrydata_owner LOGIN PASSWORD :'password';
SQL
