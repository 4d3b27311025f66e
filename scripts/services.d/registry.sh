#!/usr/bin/env bash
# Apicurio's schema registry, which speaks Confluent's API; its schemas lie in a file (H2).
# shellcheck disable=SC2154 # what is not set here, scripts/services has set

registry_port=${SERVICES_REGISTRY_PORT:-18081}
registry_management_port=${SERVICES_REGISTRY_MANAGEMENT_PORT:-18082}

registry_ports() { echo "$registry_port $registry_management_port"; }
registry_address() { echo "http://127.0.0.1:$registry_port/apis/ccompat/v7"; }
registry_answers() { curl --silent --fail --max-time 3 --output /dev/null "$(registry_address)/subjects"; }

registry_launch() {
  local data=$services/registry
  launch registry "$java21" -Xmx160m "${server_jvm[@]}" \
    -Dquarkus.http.host=127.0.0.1 -Dquarkus.http.port="$registry_port" \
    -Dquarkus.management.host=127.0.0.1 -Dquarkus.management.port="$registry_management_port" \
    -Dapicurio.storage.kind=sql -Dapicurio.storage.sql.kind=h2 \
    -Dapicurio.datasource.url="jdbc:h2:file:$data/schemas" \
    -Dapicurio.datasource.jdbc.initial-size=1 -Dapicurio.datasource.jdbc.min-size=1 \
    -Dapicurio.datasource.jdbc.max-size=10 \
    -jar "$cache/registry/quarkus-run.jar"
}

# Apicurio checks nothing by default, Confluent's registry BACKWARD; set once, so that a later choice stays.
registry_settle() {
  local data=$services/registry
  [[ ! -e $data/compatibility-set ]] || return 0
  curl --silent --show-error --fail --max-time 10 --output /dev/null --request PUT \
    --header 'Content-Type: application/vnd.schemaregistry.v1+json' \
    --data '{"compatibility": "BACKWARD"}' "$(registry_address)/config" >&2 ||
    fail "registry refuses its default compatibility" "$data/log.txt"
  touch "$data/compatibility-set"
}
