{{/* Where settings and secrets come from: `ombud.toml`, the files of secrets, and the variables that differ by role. */}}

{{/* What the chart itself knows of `ombud.toml`, as JSON: the place of every file, and what stands in values of its own. */}}
{{- define "ombud.own" -}}
{{- $values := .Values -}}
{{- $kafka := $values.kafka -}}
{{- $files := "/etc/ombud/secrets" -}}
{{- $properties := dict -}}
{{- if or $kafka.sasl.mechanism $kafka.tls.enabled -}}
  {{- $security := ternary (ternary "SASL_SSL" "SSL" (ne $kafka.sasl.mechanism "")) "SASL_PLAINTEXT" $kafka.tls.enabled -}}
  {{- $_ := set $properties "security.protocol" $security -}}
{{- end -}}
{{- with $kafka.sasl.mechanism -}}{{- $_ := set $properties "sasl.mechanism" . -}}{{- end -}}
{{- if and $kafka.tls.enabled (include "ombud.hasCa" $kafka.tls.ca) -}}
  {{- $_ := set $properties "ssl.ca.location" (printf "%s/kafka/ca.crt" $files) -}}
{{- end -}}
{{- $settings := dict
      "data" "/data"
      "kafka_bootstrap" $kafka.bootstrap
      "registry_url" $values.registry.url
      "cql_nodes" $values.cql.nodes
      "http" (dict "address" $values.http.address "metrics_address" $values.http.metricsAddress
                   "hosts" (include "ombud.hosts" .) "public_url" $values.http.publicUrl)
      "kafka" (dict "properties" $properties)
      "registry" (dict "username" $values.registry.username)
      "cql" (dict "username" $values.cql.username) -}}
{{- if ne $values.models.from "image" -}}{{- $_ := set $settings "models" "/models" -}}{{- end -}}
{{- if $values.models.sharedClaim -}}{{- $_ := set $settings "shared_models" "/shared-models" -}}{{- end -}}
{{- range $name := list "registry" "cql" -}}
  {{- $server := index $values $name -}}
  {{- $section := index $settings $name -}}
  {{- if $server.existingSecret -}}
    {{- $_ := set $section "password_file" (printf "%s/%s/password" $files $name) -}}
  {{- end -}}
  {{- if include "ombud.hasCa" $server.ca -}}{{- $_ := set $section "ca" (printf "%s/%s/ca.crt" $files $name) -}}{{- end -}}
{{- end -}}
{{- toJson $settings -}}
{{- end -}}

{{- define "ombud.hasCa" -}}
{{- if or .secret .configMap }}yes{{ end -}}
{{- end -}}

{{/* `ombud.toml`. */}}
{{- define "ombud.toml" -}}
{{- $settings := include "ombud.merged" (list .Values.config (include "ombud.own" . | fromJson)) | fromJson -}}
# Made by the chart; `ombud config show` says what is in force.
{{- range $name, $value := $settings }}{{ if not (kindIs "map" $value) }}
{{ $name }} = {{ include "ombud.tomlValue" $value }}
{{- end }}{{ end }}
{{- range $section, $names := $settings }}{{ if kindIs "map" $names }}
{{- include "ombud.tomlSection" (list $section $names) }}
{{- end }}{{ end }}
{{ end -}}

{{- define "ombud.tomlSection" -}}
{{- $section := index . 0 }}
{{- with index . 1 }}

[{{ $section }}]
{{- range $name, $value := . }}{{ if not (kindIs "map" $value) }}
{{ ternary (toJson $name) $name (contains "." $name) }} = {{ include "ombud.tomlValue" $value }}
{{- end }}{{ end }}
{{- range $name, $value := . }}{{ if kindIs "map" $value }}
{{- include "ombud.tomlSection" (list (printf "%s.%s" $section $name) $value) }}
{{- end }}{{ end }}
{{- end }}
{{- end -}}

{{/* Helm reads every number as a fraction; a whole one is written as such. */}}
{{- define "ombud.tomlValue" -}}
{{- if and (kindIs "float64" .) (eq (floor .) .) -}}{{- printf "%.0f" . -}}{{- else -}}{{- toJson . -}}{{- end -}}
{{- end -}}

{{/* Every name under which the console is asked. */}}
{{- define "ombud.hosts" -}}
{{- $service := printf "%s-console" (include "ombud.fullname" .) -}}
{{- $inside := list $service (printf "%s.%s" $service .Release.Namespace) (printf "%s.%s.svc" $service .Release.Namespace)
      (printf "%s.%s.svc.cluster.local" $service .Release.Namespace) -}}
{{- $outside := concat (ternary .Values.ingress.hosts list .Values.ingress.enabled)
      (ternary .Values.httpRoute.hostnames list .Values.httpRoute.enabled) -}}
{{- concat $inside .Values.http.hosts $outside | uniq | join "," -}}
{{- end -}}

{{/* Who the role is for Kafka, as JSON: its own user where it has one, and the operator's for the doctor. A dict of root and role. */}}
{{- define "ombud.user" -}}
{{- $kafka := .root.Values.kafka -}}
{{- $all := dict "username" $kafka.sasl.username "existingSecret" $kafka.sasl.existingSecret "clientSecret" $kafka.tls.clientSecret -}}
{{- $role := ternary "operator" .role (eq .role "doctor") -}}
{{- include "ombud.merged" (list $all (default dict (index $kafka.users $role))) -}}
{{- end -}}

{{/* Whether the role talks to the CQL store. */}}
{{- define "ombud.storesCases" -}}
{{- if not (has .role (list "infer" "join" "explain")) }}yes{{ end -}}
{{- end -}}

{{/* Whether the role talks to brokers and registry: who explains gets with each question all that it needs but the weights. */}}
{{- define "ombud.reads" -}}
{{- if ne .role "explain" }}yes{{ end -}}
{{- end -}}

{{/* The files of secrets that the role may read, as sources of one volume. */}}
{{- define "ombud.secrets" -}}
{{- $values := .root.Values -}}
{{- $kafka := $values.kafka -}}
{{- $user := include "ombud.user" . | fromJson -}}
{{- if include "ombud.reads" . }}
{{- with $user.existingSecret }}
- secret:
    name: {{ . }}
    items: [{key: {{ $kafka.sasl.passwordKey | quote }}, path: kafka/password}]
{{- end }}
{{- if $kafka.tls.enabled }}
{{- include "ombud.caSource" (list "kafka" $kafka.tls.ca) }}
{{- with $user.clientSecret }}
- secret:
    name: {{ . }}
    items:
      - {key: {{ $kafka.tls.clientCertKey | quote }}, path: kafka/client.crt}
      - {key: {{ $kafka.tls.clientKeyKey | quote }}, path: kafka/client.key}
{{- end }}
{{- end }}
{{- end }}
{{- if has .role (list "console" "explain") }}
{{- with $values.explain.existingSecret }}
- secret:
    name: {{ . }}
    items: [{key: {{ $values.explain.secretKey | quote }}, path: explain/secret}]
{{- end }}
{{- end }}
{{- if eq .role "console" }}
{{- with $values.signIn.oidc.existingSecret }}
- secret:
    name: {{ . }}
    items: [{key: {{ $values.signIn.oidc.secretKey | quote }}, path: oidc/client-secret}]
{{- end }}
{{- include "ombud.caSource" (list "oidc" $values.signIn.oidc.ca) }}
{{- with $values.signIn.proxy.existingSecret }}
- secret:
    name: {{ . }}
    items: [{key: {{ $values.signIn.proxy.secretKey | quote }}, path: proxy/secret}]
{{- end }}
{{- with $values.dossier.existingSecret }}
- secret:
    name: {{ . }}
    items: [{key: {{ $values.dossier.secretKey | quote }}, path: dossier/key.pem}]
{{- end }}
{{- end }}
{{- $servers := ternary (list "registry" "cql") (list "registry") (ne (include "ombud.storesCases" .) "") }}
{{- if not (include "ombud.reads" .) }}{{- $servers = list }}{{ end }}
{{- range $server := $servers }}
{{- $its := index $values $server }}
{{- with $its.existingSecret }}
- secret:
    name: {{ . }}
    items: [{key: {{ $its.passwordKey | quote }}, path: {{ $server }}/password}]
{{- end }}
{{- include "ombud.caSource" (list $server $its.ca) }}
{{- end }}
{{- end -}}

{{- define "ombud.caSource" -}}
{{- $ca := index . 1 -}}
{{- if include "ombud.hasCa" $ca }}
- {{ ternary "secret" "configMap" (ne $ca.secret "") }}:
    name: {{ default $ca.configMap $ca.secret }}
    items: [{key: {{ $ca.key | quote }}, path: {{ index . 0 }}/ca.crt}]
{{- end }}
{{- end -}}

{{/* Variables of the role: what differs from the settings file that all share, and what libraries read. */}}
{{- define "ombud.env" -}}
{{- $values := .root.Values -}}
{{- $user := include "ombud.user" . | fromJson -}}
- name: OMBUD_CONFIG
  value: /etc/ombud/config/ombud.toml
{{- if include "ombud.reads" . }}
{{- with $user.username }}
- name: OMBUD_KAFKA__PROPERTIES__SASL_USERNAME
  value: {{ . | quote }}
{{- end }}
{{- if $user.existingSecret }}
- name: OMBUD_KAFKA__PASSWORD_FILE
  value: /etc/ombud/secrets/kafka/password
{{- end }}
{{- if and $values.kafka.tls.enabled $user.clientSecret }}
- name: OMBUD_KAFKA__PROPERTIES__SSL_CERTIFICATE_LOCATION
  value: /etc/ombud/secrets/kafka/client.crt
- name: OMBUD_KAFKA__PROPERTIES__SSL_KEY_LOCATION
  value: /etc/ombud/secrets/kafka/client.key
{{- end }}
{{- else }}
# It talks to no server, and gets no password of any.
{{- range list "KAFKA_BOOTSTRAP" "KAFKA__PROPERTIES__SSL_CA_LOCATION" "REGISTRY_URL" "REGISTRY__PASSWORD_FILE" "REGISTRY__CA" }}
- name: OMBUD_{{ . }}
  value: ""
{{- end }}
{{- end }}
{{- if not (include "ombud.storesCases" .) }}
# It keeps no cases, and gets no password for where they are.
- name: OMBUD_CQL_NODES
  value: ""
- name: OMBUD_CQL__PASSWORD_FILE
  value: ""
- name: OMBUD_CQL__CA
  value: ""
{{- end }}
{{- if and $values.explain.existingSecret (has .role (list "console" "explain")) }}
{{- if eq .role "console" }}
- name: OMBUD_EXPLAIN__ADDRESS
  value: http://{{ include "ombud.fullname" .root }}-explain
{{- end }}
- name: OMBUD_EXPLAIN__SECRET_FILE
  value: /etc/ombud/secrets/explain/secret
{{- end }}
{{- if eq .role "console" }}
{{- with $values.signIn.oidc }}
{{- if .issuer }}
- name: OMBUD_SIGN_IN__OIDC_ISSUER
  value: {{ .issuer | quote }}
- name: OMBUD_SIGN_IN__OIDC_CLIENT_ID
  value: {{ .clientId | quote }}
{{- if .existingSecret }}
- name: OMBUD_SIGN_IN__OIDC_CLIENT_SECRET_FILE
  value: /etc/ombud/secrets/oidc/client-secret
{{- end }}
{{- if include "ombud.hasCa" .ca }}
- name: OMBUD_SIGN_IN__OIDC_CA
  value: /etc/ombud/secrets/oidc/ca.crt
{{- end }}
{{- end }}
{{- end }}
{{- if $values.signIn.proxy.existingSecret }}
- name: OMBUD_SIGN_IN__PROXY_SECRET_FILE
  value: /etc/ombud/secrets/proxy/secret
{{- end }}
{{- if $values.dossier.existingSecret }}
- name: OMBUD_DOSSIER__KEY_FILE
  value: /etc/ombud/secrets/dossier/key.pem
{{- end }}
{{- end }}
{{- if eq .role "operator" }}
# Nobody has a token that gives these digests: of its port, health alone answers. Each system that has scopes or teams must have one.
- name: OMBUD_HTTP__TOKENS__SHUT
  value: {{ repeat 64 "0" | quote }}
{{- range $system, $scopes := merge dict (dig "http" "scopes" dict $values.config) (dig "http" "teams" dict $values.config) }}
- name: OMBUD_HTTP__TOKENS__{{ $system }}
  value: {{ repeat 64 "0" | quote }}
{{- end }}
{{- end }}
- name: HF_HOME
  value: /data/hub
{{- with $values.models.hub }}
- name: HF_HUB_OFFLINE
  value: {{ ternary "0" "1" .enabled | quote }}
{{- if .enabled }}
{{- with .endpoint }}
- name: HF_ENDPOINT
  value: {{ . | quote }}
{{- end }}
{{- if and .existingSecret (has $.role (list "infer" "explain" "learn")) }}
- name: HF_TOKEN
  valueFrom:
    secretKeyRef: {name: {{ .existingSecret }}, key: {{ .tokenKey | quote }}}
{{- end }}
{{- end }}
{{- end }}
{{- with concat $values.extraEnv (default list .values.extraEnv) }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* Whether people sign in at the console. */}}
{{- define "ombud.hasPeople" -}}
{{- if or .Values.signIn.oidc.issuer .Values.signIn.proxy.existingSecret }}yes{{ end -}}
{{- end -}}

{{/* The paths that are reached from outside: health, readiness and metrics are nobody's there. */}}
{{- define "ombud.paths" -}}
{{- toJson (ternary (list "/api" "/sign-in" "/sign-out" "/oidc") (list "/api") (ne (include "ombud.hasPeople" .) "")) -}}
{{- end -}}

{{/* The console's tokens, each a variable. */}}
{{- define "ombud.tokens" -}}
{{- if and (eq .role "console") .root.Values.http.tokensSecret -}}
- prefix: OMBUD_HTTP__TOKENS__
  secretRef:
    name: {{ .root.Values.http.tokensSecret }}
{{- end -}}
{{- end -}}
