#!/usr/bin/env bash
# Apache Cassandra in ScyllaDB's place, which no package registry has: the same protocol, the same driver.
# shellcheck disable=SC2154 # what is not set here, scripts/services has set

cql_port=${SERVICES_CQL_PORT:-19042}
cql_gossip_port=${SERVICES_CQL_GOSSIP_PORT:-19043} # and the one after it

cql_ports() { echo "$cql_port $cql_gossip_port $((cql_gossip_port + 1))"; }
cql_address() { echo "127.0.0.1:$cql_port"; }

# An OPTIONS frame of CQL v4 is answered by SUPPORTED (opcode 6).
cql_answers() { [[ $(ask "$cql_port" '\x04\0\0\0\x05\0\0\0\0' 5) == 8400000006 ]]; }

cql_launch() {
  local data=$services/cql agent
  agent=$(compgen -G "$cache/cql/jamm-*.jar")
  fill cassandra.yaml "$data/cassandra.yaml" data="$data" port="$cql_port" gossip_port="$cql_gossip_port" \
    gossip_tls_port=$((cql_gossip_port + 1))
  launch cql "$java17" -Xms128m -Xmx512m -XX:MaxDirectMemorySize=256m "${server_jvm[@]}" "@$here/cassandra.jvm" \
    -javaagent:"$agent" -Dcassandra.config="file://$data/cassandra.yaml" -Dcassandra.storagedir="$data" \
    -Dlogback.configurationFile="$here/logback.xml" \
    -cp "$cache/cql/*" org.apache.cassandra.service.CassandraDaemon
}
