#!/usr/bin/env bash
# The cluster's own authority, and who everyone is: made at the first start, used nowhere else.
# shellcheck disable=SC2154 # what is not set here, scripts/cluster has set

# certificate NAME SUBJECT [ALTERNATIVE NAMES]
certificate() {
  [[ ! -s $pki/$1.pem ]] || return 0
  if [[ ! -s $pki/ca.pem ]]; then
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 30 -subj /CN=cluster \
      -keyout "$pki/ca.key" -out "$pki/ca.pem" 2>"$pki/log.txt" || fail "openssl makes no authority" "$pki/log.txt"
  fi
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -subj "$2" -keyout "$pki/$1.key" -out "$pki/$1.csr" \
    2>"$pki/log.txt" || fail "openssl makes no key for $1" "$pki/log.txt"
  openssl x509 -req -in "$pki/$1.csr" -CA "$pki/ca.pem" -CAkey "$pki/ca.key" -CAcreateserial -days 30 -out "$pki/$1.part" \
    -extfile <(printf 'extendedKeyUsage=serverAuth,clientAuth\n%s' "${3:+subjectAltName=$3}") 2>"$pki/log.txt" ||
    fail "openssl makes no certificate for $1" "$pki/log.txt"
  mv "$pki/$1.part" "$pki/$1.pem"
}

# kubeconfig FILE CERTIFICATE
kubeconfig() {
  cat >"$1" <<CONFIG
apiVersion: v1
kind: Config
clusters:
  - {name: local, cluster: {server: "https://127.0.0.1:$(port_of kube-apiserver)", certificate-authority: "$pki/ca.pem"}}
users:
  - {name: local, user: {client-certificate: "$pki/$2.pem", client-key: "$pki/$2.key"}}
contexts:
  - {name: local, context: {cluster: local, user: local}}
current-context: local
CONFIG
}

prepare() {
  local name
  (umask 077; mkdir -p "$pki")
  certificate server /CN=server "IP:127.0.0.1,DNS:localhost,DNS:kubernetes.default.svc"
  [[ -s $pki/accounts.key ]] || openssl genrsa -out "$pki/accounts.key" 2048 2>"$pki/log.txt" ||
    fail "openssl makes no key for service accounts" "$pki/log.txt"
  # All may do everything; by their names one tells in the audit log who asked.
  for name in admin kube-controller-manager kube-scheduler kwok; do
    certificate "$name" "/O=system:masters/CN=$name"
    kubeconfig "$data/kubeconfig.$name" "$name"
  done
}
