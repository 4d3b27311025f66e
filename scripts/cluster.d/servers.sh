#!/usr/bin/env bash
# How each server is started, and how one sees that it works.
# shellcheck disable=SC2154 # what is not set here, scripts/cluster has set

# launch SERVER OPTION...: in its own folder and session, so that Ctrl-C here does not stop it.
launch() {
  local server=$1 binary=$cache/$1
  shift
  mkdir -p "$data/$server"
  (cd "$data/$server" && exec setsid "$binary" "$@" >>log.txt 2>&1 </dev/null 9>&-) &
  echo $! >"$data/$server/pid"
  # For a moment it is still this script, which pid_of would take for a stranger.
  while kill -0 $! 2>/dev/null && ! pid_of "$server" >/dev/null; do sleep 0.05; done
}

etcd_launch() {
  local url
  url=https://127.0.0.1:$(port_of etcd)
  # Nothing here must outlive the machine: no write waits for the disk.
  launch etcd --data-dir=store --unsafe-no-fsync --logger=zap --log-level=warn \
    --listen-client-urls="$url" --advertise-client-urls="$url" --cert-file="$pki/server.pem" --key-file="$pki/server.key" \
    --client-cert-auth --trusted-ca-file="$pki/ca.pem" --listen-peer-urls="http://127.0.0.1:$(port_of etcd-peer)"
}

kube-apiserver_launch() {
  # A streamed list needs etcd 3.4.25, and Debian 12 has 3.4.23: every watch of kwok's would be refused.
  launch kube-apiserver --bind-address=127.0.0.1 --secure-port="$(port_of kube-apiserver)" \
    --tls-cert-file="$pki/server.pem" --tls-private-key-file="$pki/server.key" --client-ca-file="$pki/ca.pem" \
    --etcd-servers="https://127.0.0.1:$(port_of etcd)" --etcd-cafile="$pki/ca.pem" \
    --etcd-certfile="$pki/admin.pem" --etcd-keyfile="$pki/admin.key" \
    --service-account-issuer=https://kubernetes.default.svc --service-account-signing-key-file="$pki/accounts.key" \
    --service-account-key-file="$pki/accounts.key" --authorization-mode=Node,RBAC --service-cluster-ip-range=10.96.0.0/16 \
    --endpoint-reconciler-type=none --feature-gates=WatchList=false \
    --audit-policy-file="$here/audit.yaml" --audit-log-path="$data/audit.jsonl"
}

kube-controller-manager_launch() {
  # No node here is ever lost, however long a busy machine leaves kwok no time to speak for it.
  launch kube-controller-manager --kubeconfig="$data/kubeconfig.kube-controller-manager" --leader-elect=false \
    --node-monitor-grace-period=24h \
    --bind-address=127.0.0.1 --secure-port="$(port_of kube-controller-manager)" \
    --tls-cert-file="$pki/server.pem" --tls-private-key-file="$pki/server.key" \
    --root-ca-file="$pki/ca.pem" --service-account-private-key-file="$pki/accounts.key"
}

kube-scheduler_launch() {
  launch kube-scheduler --kubeconfig="$data/kubeconfig.kube-scheduler" --leader-elect=false \
    --bind-address=127.0.0.1 --secure-port="$(port_of kube-scheduler)" \
    --tls-cert-file="$pki/server.pem" --tls-private-key-file="$pki/server.key"
}

kwok_launch() {
  local node
  for node in a b c; do
    # 409: it is there since an earlier start.
    [[ $(curl --silent --max-time 20 --output "$data/answer.json" --write-out '%{http_code}' --cacert "$pki/ca.pem" \
      --cert "$pki/admin.pem" --key "$pki/admin.key" --header 'Content-Type: application/json' --data '{"apiVersion": "v1",
        "kind": "Node", "metadata": {"name": "node-'$node'", "labels": {"kubernetes.io/hostname": "node-'$node'",
        "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "topology.kubernetes.io/zone": "zone-'$node'"}}}' \
      "https://127.0.0.1:$(port_of kube-apiserver)/api/v1/nodes") =~ ^(201|409)$ ]] ||
      fail "the API server does not take node-$node" "$data/answer.json"
  done
  # What somebody keeps in their home for a kwok of their own is not read.
  KWOK_WORKDIR=$data/kwok launch kwok --kubeconfig="$data/kubeconfig.kwok" --config="$here/stages.yaml" --manage-all-nodes
}

# get PORT PATH: prints what a server answers to one who has the administrator's certificate.
get() {
  curl --silent --fail --max-time 5 --cacert "$data/pki/ca.pem" --cert "$data/pki/admin.pem" --key "$data/pki/admin.key" \
    "https://127.0.0.1:$1$2"
}

etcd_answers() { get "$(port_of etcd)" /health | grep --quiet '"health":"true"'; }
kube-apiserver_answers() { [[ $(get "$(port_of kube-apiserver)" /readyz) == ok ]]; }
kube-controller-manager_answers() { [[ $(get "$(port_of kube-controller-manager)" /healthz) == ok ]]; }
kube-scheduler_answers() { [[ $(get "$(port_of kube-scheduler)" /healthz) == ok ]]; }
# kwok has nothing else to say; what it does is seen at the nodes.
kwok_answers() {
  get "$(port_of kube-apiserver)" /api/v1/nodes | python3 -c '
import json, sys

nodes = json.load(sys.stdin)["items"]
ready = [n for n in nodes for c in n["status"].get("conditions", []) if (c["type"], c["status"]) == ("Ready", "True")]
sys.exit(len(ready) < 3 or any(n["spec"].get("taints") for n in nodes))
'
}
