#!/usr/bin/env bash
# Sends the complaints of FILE to complaints.raw with kcat, one after the other.
#
#   examples/crm/produce.sh FILE [--bulk]
#
# BOOTSTRAP, REGISTRY, TOPIC and PER_SECOND say where to and how fast; else it is where `scripts/services env` says.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bootstrap=${BOOTSTRAP:-${OMBUD_KAFKA_BOOTSTRAP:-127.0.0.1:19092}}
registry=${REGISTRY:-${OMBUD_REGISTRY_URL:-http://127.0.0.1:18081/apis/ccompat/v7}}
topic=${TOPIC:-complaints.raw}
(($# > 0)) || { sed -n '4,6s/^# \{0,3\}//p' "$0" >&2; exit 2; }

clients=$("$here/../../scripts/clients")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# kcat writes no Avro: the values are framed first.
"$clients/python" "$here/frame.py" --registry "$registry" --topic "$topic" "$@" "$work"
sent=0
for value in "$work"/*.value; do
  [[ -z ${PER_SECOND:-} ]] || sleep "$(awk -v rate="$PER_SECOND" 'BEGIN { print 1 / rate }')"
  # Each file is one message; murmur2_random is Java's partitioner, which every writer of complaints.raw uses.
  "$clients/kcat" -P -b "$bootstrap" -t "$topic" -k "$(<"${value%.value}.key")" \
    -H "traceparent=00-$(openssl rand -hex 16)-$(openssl rand -hex 8)-01" \
    -X partitioner=murmur2_random -X acks=all -X enable.idempotence=true "$value"
  sent=$((sent + 1))
done
echo "$sent complaints are durable in $topic"
