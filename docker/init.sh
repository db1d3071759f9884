#!/bin/bash
# Brings both databases, the pools and the admin's password to where this version wants them. Safe to repeat.
# Runs once per `docker compose up`, before every Airflow service.
set -euo pipefail

airflow db migrate
airflow pools set hubspot_api 2 "Tasks that call HubSpot, at once, over all configurations"
airflow pools set cxone_api 2 "Tasks that call CXone, at once, over all configurations"
memorialize ledger upgrade

umask 077
python -c 'import json, sys; print(json.dumps({"admin": sys.stdin.read()}))' < "$AIRFLOW_ADMIN_PASSWORD_FILE" \
  > "$AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"
