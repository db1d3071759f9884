#!/bin/sh
# Prints docker/.env.example with every key and password drawn anew; the connections stay for you to fill in.
#   (umask 077; sh docker/new-env.sh > .env)
set -eu
cd "$(dirname "$0")"

while IFS= read -r line; do
  case $line in
    AIRFLOW_CONN_*) ;;
    *FERNET_KEY=) line=$line$(head -c 32 /dev/urandom | base64 | tr '+/' '-_') ;;
    *_PASSWORD= | *_SECRET= | *_KEY=) line=$line$(od -An -v -tx1 -N32 /dev/urandom | tr -d ' \n') ;;
  esac
  printf '%s\n' "$line"
done < .env.example
