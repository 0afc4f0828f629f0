#!/bin/sh
# Makes deploy/secrets/ once: every secret of the product in a file of its own. Containers read them as another user,
# so the files can be read and the folder cannot be entered.
set -eu
cd "$(dirname "$0")"
if [ -e secrets ]; then
  echo "deploy/secrets is there already; nothing was changed." >&2
  exit 1
fi
umask 077
mkdir secrets
word() { openssl rand -hex 24; }
postgres=$(word)
redis=$(word)
openssl rand -base64 32 > secrets/secret
printf '%s' "$postgres" > secrets/postgres_password
printf '%s' "$redis" > secrets/redis_password
printf 'postgresql://muster:%s@postgres:5432/muster' "$postgres" > secrets/database_url
printf 'redis://:%s@redis:6379' "$redis" > secrets/redis_url
# A key of OpenAI, or of a server that speaks its API; empty: the built-in assistant answers.
: > secrets/openai_api_key
word > secrets/grafana_password
chmod 444 secrets/*
echo "deploy/secrets holds the secrets of this deployment. Back it up apart from the database."
