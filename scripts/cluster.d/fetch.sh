#!/usr/bin/env bash
# Puts etcd, Kubernetes' servers and kwok into the cache, complete or not at all, and only what go.sum names.
# shellcheck disable=SC2154 # what is not set here, scripts/cluster has set

programs=(k8s.io/kubernetes/cmd/{kube-apiserver,kube-controller-manager,kube-scheduler} sigs.k8s.io/kwok/cmd/kwok)

fetch() {
  [[ ! -d $cache ]] || return 0
  needs go "install Go 1.26 or later"
  needs apt-get "etcd comes from Debian's or Ubuntu's etcd-server"
  mkdir -p "$(dirname "$cache")"
  work=$(mktemp -d -p "$(dirname "$cache")" cluster.XXXXXX)
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/made"

  say "fetching etcd from Debian"
  (cd "$work" && apt-get -qq -o APT::Sandbox::User=root download etcd-server && dpkg-deb --extract etcd-server_*.deb etcd) >&2 ||
    fail "etcd-server can't be fetched: apt-get update"
  mv "$work/etcd/usr/bin/etcd" "$work/made/"

  local program set=k8s.io/component-base/version
  for program in "${programs[@]}"; do
    say "building ${program##*/} (once)"
    # What they report as their version, the build must say: kubectl and helm compare it with their own.
    (cd "$here" && go build -mod=readonly -trimpath -buildvcs=false -o "$work/made/" -ldflags "-s -w \
      -X $set.gitVersion=v$kubernetes_version -X $set.gitMajor=${kubernetes_version%%.*} \
      -X $set.gitMinor=$(cut -d . -f 2 <<<"$kubernetes_version") -X $set.gitTreeState=clean" "$program") >&2 ||
      fail "$program can't be built"
  done
  chmod 755 "$work/made"
  mv -T "$work/made" "$cache" 2>/dev/null || [[ -d $cache ]] || fail "can't move what was built to $cache"
}

# Kubernetes' own go.mod finds its parts beside it; whoever requires it must name the version of each.
pin() {
  needs go "install Go 1.26 or later"
  local part parts
  parts=$(GOFLAGS=-mod=mod go mod download -json "k8s.io/kubernetes@v$kubernetes_version" |
    python3 -c 'import json, re, sys; print(*re.findall(r"(\S+) => \./staging/", open(json.load(sys.stdin)["GoMod"]).read()))')
  {
    printf '%s\n' '// What scripts/cluster builds; written by scripts/cluster pin.' 'module ombud.example/cluster' '' 'go 1.26.0' \
      '' 'godebug default=go1.26' '' 'replace ('
    for part in $parts; do printf '\t%s => %s v0.%s\n' "$part" "$part" "${kubernetes_version#*.}"; done
    echo ')'
  } >"$here/go.mod"
  rm -f "$here/go.sum"
  (cd "$here" && for part in "${programs[@]}"; do
    if [[ $part == k8s.io/* ]]; then go get -tool "$part@v$kubernetes_version"; else go get -tool "$part@v$kwok_version"; fi
    go list -mod=mod -deps "$part" >/dev/null # with the sums of all that a build reads
  done)
}
