#!/bin/bash
# Creates the databases `airflow` and `ledger`, each owned by a role of its own name that owns nothing else.
# The postgres image runs it once, on an empty volume; later changes of a password are ALTER ROLE's business.
set -euo pipefail

export AIRFLOW_DB_PASSWORD LEDGER_DB_PASSWORD
AIRFLOW_DB_PASSWORD=$(< "$AIRFLOW_DB_PASSWORD_FILE")
LEDGER_DB_PASSWORD=$(< "$LEDGER_DB_PASSWORD_FILE")

psql --set ON_ERROR_STOP=1 --no-psqlrc --username "$POSTGRES_USER" --dbname postgres <<'SQL'
\getenv airflow_password AIRFLOW_DB_PASSWORD
\getenv ledger_password LEDGER_DB_PASSWORD
CREATE ROLE airflow LOGIN PASSWORD :'airflow_password';
CREATE ROLE ledger LOGIN PASSWORD :'ledger_password';
CREATE DATABASE airflow OWNER airflow;
CREATE DATABASE ledger OWNER ledger;
REVOKE CONNECT ON DATABASE airflow, ledger FROM PUBLIC;
SQL
