#!/usr/bin/env bash
# Apache Kafka: one node without ZooKeeper, with a plain listener and one with TLS and SCRAM-SHA-512.
# shellcheck disable=SC2154 # what is not set here, scripts/services has set

kafka_port=${SERVICES_KAFKA_PORT:-19092}
kafka_controller_port=${SERVICES_KAFKA_CONTROLLER_PORT:-19093}
kafka_tls_port=${SERVICES_KAFKA_TLS_PORT:-19094}

kafka_ports() { echo "$kafka_port $kafka_controller_port $kafka_tls_port"; }
kafka_address() { echo "127.0.0.1:$kafka_port"; }

# An ApiVersions request (key 18, version 0, correlation id 1); the broker answers it once it takes requests.
kafka_answers() {
  local answer
  answer=$(ask "$kafka_port" '\0\0\0\x0a\0\x12\0\0\0\0\0\x01\xff\xff' 10) && [[ ${answer:8} == 000000010000 ]]
}

kafka_launch() {
  local data=$services/kafka
  fill kafka.properties "$data/server.properties" data="$data" \
    port="$kafka_port" controller_port="$kafka_controller_port" tls_port="$kafka_tls_port"
  [[ -z ${SERVICES_KAFKA_PROPERTIES:-} ]] || cat "$SERVICES_KAFKA_PROPERTIES" >>"$data/server.properties"
  [[ -e $data/tls/server.pem ]] || kafka_certificates "$data"
  # Formatted for the first time, or again after a format that was cut short.
  [[ -e $data/log/meta.properties ]] || kafka_format "$data"
  launch kafka "$java17" -Xmx192m "${kafka_jvm[@]}" kafka.Kafka "$data/server.properties"
}

kafka_jvm=("${server_jvm[@]}" -Dlog4j2.configurationFile="$here/log4j2.properties" -cp "$cache/kafka/*")

# Kafka's own command, in one process for all lines; the JDK compiles the file that calls it.
kafka_acls() {
  "$java17" --list-modules | grep --quiet '^jdk.compiler@' || fail "a JDK is missing: apt-get install openjdk-17-jdk-headless"
  "$java17" -Xmx128m "${server_jvm[@]}" -cp "$cache/kafka/*" "$here/Acls.java" "$(kafka_address)"
}

kafka_format() {
  local data=$1
  [[ -e $data/password ]] || (umask 077 && openssl rand -hex 16 >"$data/password")
  "$java17" -Xmx64m "${kafka_jvm[@]}" kafka.tools.StorageTool format --config "$data/server.properties" \
    --cluster-id b21idWQtc2VydmljZXMtMQ \
    --add-scram "SCRAM-SHA-512=[name=ombud,password=$(<"$data/password")]" >"$data/log.txt" 2>&1 ||
    fail "kafka can't format $data/log" "$data/log.txt"
}

# A throw-away authority and the server's certificate, for ten years.
kafka_certificates() {
  local made
  made=$(mktemp -d -p "$1" tls.XXXXXX) # 0700: the keys are in it
  (
    cd "$made"
    openssl req -x509 -newkey rsa:2048 -nodes -days 3650 -subj '/CN=ombud services' -keyout ca.key -out ca.pem
    openssl req -newkey rsa:2048 -nodes -subj '/CN=localhost' -keyout server.key -out server.csr
    openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 3650 -out server.crt \
      -extfile <(printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\nextendedKeyUsage=serverAuth\n')
    cat server.key server.crt ca.pem >server.pem
    rm ca.key server.key server.csr
  ) >"$1/log.txt" 2>&1 || fail "kafka's certificates can't be made" "$1/log.txt"
  mv -T "$made" "$1/tls"
}
