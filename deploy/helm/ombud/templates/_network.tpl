{{/* What the network policy of a role lets out: a dict of root and role. */}}

{{- define "ombud.egress" -}}
{{- $values := .root.Values -}}
{{- $to := $values.networkPolicy.to -}}
{{- $kafka := list -}}
{{- range splitList "," $values.kafka.bootstrap -}}{{- $kafka = append $kafka (include "ombud.port" .) -}}{{- end -}}
{{- range $values.networkPolicy.kafkaPorts -}}{{- $kafka = append $kafka (toString .) -}}{{- end -}}
{{- include "ombud.egressTo" (dict "to" $to.dns "ports" (list "53") "udp" true) -}}
{{- if include "ombud.reads" . -}}
  {{- include "ombud.egressTo" (dict "to" $to.kafka "ports" $kafka) -}}
  {{- include "ombud.egressTo" (dict "to" $to.registry "ports" (list (include "ombud.urlPort" $values.registry.url))) -}}
{{- end -}}
{{- if include "ombud.storesCases" . -}}
  {{- $cql := list -}}
  {{- range splitList "," $values.cql.nodes -}}{{- $cql = append $cql (include "ombud.port" .) -}}{{- end -}}
  {{- include "ombud.egressTo" (dict "to" $to.cql "ports" $cql) -}}
{{- end -}}
{{- with dig "telemetry" "otlp_endpoint" "" $values.config -}}
  {{- include "ombud.egressTo" (dict "to" $to.telemetry "ports" (list (include "ombud.urlPort" .))) -}}
{{- end -}}
{{- if and $values.models.hub.enabled (has .role (list "infer" "explain" "learn")) -}}
  {{- $hub := default "https://huggingface.co" $values.models.hub.endpoint -}}
  {{- include "ombud.egressTo" (dict "to" $to.hub "ports" (list (include "ombud.urlPort" $hub))) -}}
{{- end -}}
{{- if and $values.signIn.oidc.issuer (eq .role "console") -}}
  {{- include "ombud.egressTo" (dict "to" $to.oidc "ports" (list (include "ombud.urlPort" $values.signIn.oidc.issuer))) -}}
{{- end -}}
{{- if and $values.explain.existingSecret (eq .role "console") -}}
  {{- $explain := dict "root" .root "component" "explain" -}}
  {{- $pods := list (dict "podSelector" (dict "matchLabels" (include "ombud.selector" $explain | fromYaml))) -}}
  {{- include "ombud.egressTo" (dict "to" $pods "ports" (list (include "ombud.port" $values.http.address))) -}}
{{- end -}}
{{- with $values.networkPolicy.extraEgress }}
{{ toYaml . }}
{{- end -}}
{{- end -}}

{{- define "ombud.egressTo" }}
- ports:
    {{- range .ports | uniq }}
    - {protocol: TCP, port: {{ . }}}
    {{- if $.udp }}
    - {protocol: UDP, port: {{ . }}}
    {{- end }}
    {{- end }}
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end -}}

{{- define "ombud.urlPort" -}}
{{- $url := urlParse . -}}
{{- if regexMatch ":[0-9]+$" $url.host -}}
{{- include "ombud.port" $url.host -}}
{{- else -}}
{{- ternary "443" "80" (eq $url.scheme "https") -}}
{{- end -}}
{{- end -}}

{{/* The network policy of a role's pods: a dict of root, role, component, and `serves` for who answers over HTTP. */}}
{{- define "ombud.networkPolicySpec" -}}
podSelector:
  matchLabels:
    {{- include "ombud.selector" . | nindent 4 }}
policyTypes: [Ingress, Egress]
{{- if .serves }}
ingress:
  - ports:
      - {protocol: TCP, port: metrics}
    {{- with .root.Values.networkPolicy.metricsFrom }}
    from:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  {{- if eq .role "console" }}
  - ports:
      - {protocol: TCP, port: http}
    {{- with .root.Values.networkPolicy.consoleFrom }}
    from:
      {{- toYaml . | nindent 6 }}
    {{- end }}
  {{- end }}
  {{- if eq .role "explain" }}
  - ports:
      - {protocol: TCP, port: http}
    from:
      - podSelector:
          matchLabels:
            {{- include "ombud.selector" (dict "root" .root "component" "console") | nindent 12 }}
  {{- end }}
{{- end }}
egress:
  {{- include "ombud.egress" . | nindent 2 }}
{{- end -}}
