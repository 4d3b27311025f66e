{{/* What can't work is refused before anything is made, all of it at once, with the value to change. */}}
{{- define "ombud.refused" -}}
{{- $values := .Values -}}
{{- $wrong := list -}}
{{- if not $values.kafka.bootstrap -}}{{- $wrong = append $wrong "kafka.bootstrap: name the brokers, HOST:PORT,HOST:PORT" -}}{{- end -}}
{{- if not $values.registry.url -}}{{- $wrong = append $wrong "registry.url: name the schema registry" -}}{{- end -}}
{{- if not $values.cql.nodes -}}{{- $wrong = append $wrong "cql.nodes: name the CQL nodes, HOST:PORT,HOST:PORT" -}}{{- end -}}
{{- if and $values.registry.existingSecret (not (hasPrefix "https://" $values.registry.url)) -}}
  {{- $wrong = append $wrong "registry.url: a password goes over https only" -}}
{{- end -}}
{{- $open := dig "http" "open" false $values.config -}}
{{- $people := include "ombud.hasPeople" . -}}
{{- if and $values.console.enabled (not $values.http.tokensSecret) (not $open) (not $people) -}}
  {{- $wrong = append $wrong "http.tokensSecret: the console listens to nobody without tokens; name their Secret, or let people sign in (signIn), or set console.enabled to false, or config.http.open to true where a proxy before it lets in whom it knows" -}}
{{- end -}}
{{- if and $people (not (hasPrefix "https://" $values.http.publicUrl)) -}}
  {{- $wrong = append $wrong "http.publicUrl: people sign in over https only; name the URL under which browsers reach the console" -}}
{{- end -}}
{{- if and $values.signIn.oidc.issuer (not (hasPrefix "https://" $values.signIn.oidc.issuer)) -}}
  {{- $wrong = append $wrong "signIn.oidc.issuer: a provider is asked over https only" -}}
{{- end -}}
{{- if and $values.signIn.oidc.issuer (not $values.signIn.oidc.clientId) -}}
  {{- $wrong = append $wrong "signIn.oidc.clientId: name what the provider knows Ombud as" -}}
{{- end -}}
{{- if and (or $values.ingress.enabled $values.httpRoute.enabled) (not $values.console.enabled) -}}
  {{- $wrong = append $wrong "console.enabled: ingress and httpRoute lead to the console, which is off" -}}
{{- end -}}
{{- if and $values.explain.existingSecret (not $values.console.enabled) -}}
  {{- $wrong = append $wrong "console.enabled: explain.existingSecret is for the console, which is off" -}}
{{- end -}}
{{- if and (eq $values.models.from "claim") (not $values.models.existingClaim) -}}
  {{- $wrong = append $wrong "models.existingClaim: models.from is claim" -}}
{{- end -}}
{{- if and (eq $values.models.from "imageVolume") (not $values.models.imageVolume.reference) -}}
  {{- $wrong = append $wrong "models.imageVolume.reference: models.from is imageVolume" -}}
{{- end -}}
{{- if and $values.learn.enabled (not $values.models.sharedClaim) -}}
  {{- $wrong = append $wrong "models.sharedClaim: without it nobody gets what learn learns" -}}
{{- end -}}
{{- $join := $values.config.join | default dict -}}
{{- $writes := add (int64 (default 3000 $join.lease_ms)) (int64 (default 3000 $join.drain_ms)) -}}
{{- if ge $writes (int64 (default 8000 $join.session_timeout_ms)) -}}
  {{- $wrong = append $wrong "config.join: lease_ms and drain_ms together must be less than session_timeout_ms" -}}
{{- end -}}
{{- $seen := dict -}}
{{- range $worker := include "ombud.workers" . | fromJsonArray -}}
  {{- if hasKey $seen $worker.component -}}
    {{- $wrong = append $wrong (printf "groups: two are called %s" (trimPrefix "infer-" $worker.component)) -}}
  {{- end -}}
  {{- $_ := set $seen $worker.component true -}}
  {{- with $worker.group -}}
    {{- if hasKey $seen . -}}{{- $wrong = append $wrong (printf "groups: two have the tasks of %s and would share its work" .) -}}{{- end -}}
    {{- $_ := set $seen . true -}}
  {{- end -}}
  {{- $scaling := default dict $worker.values.autoscaling -}}
  {{- $pods := int64 $worker.values.replicas -}}
  {{- if $scaling.enabled -}}
    {{- $pods = int64 $scaling.maxReplicas -}}
    {{- if gt (int64 $scaling.minReplicas) $pods -}}
      {{- $wrong = append $wrong (printf "%s: autoscaling.minReplicas is more than maxReplicas" $worker.component) -}}
    {{- end -}}
  {{- end -}}
  {{- if and (not (has $worker.role (list "console" "explain" "operator"))) (ge $pods (int64 $values.kafka.partitions)) -}}
    {{- $wrong = append $wrong (printf "%s: %d pods need more than %d partitions, or the pod of an update gets none and never becomes ready; fewer pods, or more kafka.partitions" $worker.component $pods (int64 $values.kafka.partitions)) -}}
  {{- end -}}
{{- end -}}
{{- if $wrong -}}{{- fail (printf "\n\nThese values can't work:\n  - %s\n" (join "\n  - " $wrong)) -}}{{- end -}}
{{- end -}}
