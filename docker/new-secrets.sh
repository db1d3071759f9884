#!/bin/sh
# Draws every key and password that docker-compose.yaml needs into a new folder `secrets`, a file each, in the form
# that its reader wants. Nobody but you gets into the folder; the files in it can be read by the containers' users.
#   sh docker/new-secrets.sh [FOLDER]
set -eu
umask 022
folder=${1:-secrets}
mkdir -m 0700 "$folder" # one that is there is left alone: its passwords open the databases that were made with them
cd "$folder"

drawn() { od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n'; }
write() { printf "$2" "$3" > "$1"; }

for name in postgres_password airflow_api_secret_key airflow_jwt_secret airflow_admin_password; do
  write "$name" %s "$(drawn)"
done
write airflow_fernet_key %s "$(head -c 32 /dev/urandom | base64 | tr '+/' '-_')"

password=$(drawn)
write airflow_db_password %s "$password"
write airflow_db_url 'postgresql+psycopg2://airflow:%s@postgres:5432/airflow' "$password"

password=$(drawn)
write ledger_db_password %s "$password"
write memorialization_ledger 'postgres://ledger:%s@postgres:5432/ledger' "$password"

password=$(drawn)
write redis_password %s "$password"
write celery_broker_url 'redis://:%s@redis:6379/0' "$password"

password=$(drawn)
write s3_identities '{"identities": [{"name": "memorialize", "actions": ["Admin", "Read", "Write", "List", "Tagging"],
  "credentials": [{"accessKey": "memorialize", "secretKey": "%s"}]}]}' "$password"
write s3_credentials '[default]\naws_access_key_id = memorialize\naws_secret_access_key = %s\n' "$password"

cat <<EOF
$folder is written. Two connections are yours to add there, as JSON:
  cxone_acme    {"conn_type": "cxone", "login": "ACCESS KEY ID", "password": "ITS SECRET",
                 "extra": {"area": "na1", "address_secret": "WHAT openssl rand -hex 32 PRINTS"}}
  hubspot_acme  {"conn_type": "hubspot_memorialization", "password": "SERVICE KEY"}
Airflow's pages: user admin, its password in $folder/airflow_admin_password
EOF
