{{/*
The long-lived pods, as a JSON list: what the Deployments, budgets, autoscalers and network policies are made of.
Each has role, component, args, image, group (its consumer group), topics (whose lag counts) and values.
*/}}
{{- define "ombud.workers" -}}
{{- $prefix := dig "topics" "prefix" "" .Values.config -}}
{{- $workers := list -}}
{{- range $own := .Values.groups -}}
  {{- $values := include "ombud.merged" (list $.Values.infer $own) | fromJson -}}
  {{- $values = include "ombud.scaled" (list $.Values.autoscaling $values) | fromJson -}}
  {{- $tasks := ternary "all" ($own.tasks | join "+") (eq ($own.tasks | join ",") "all") -}}
  {{- $workers = append $workers (dict
        "role" "infer" "component" (printf "infer-%s" $own.name) "image" "image" "values" $values
        "args" (list "infer" "--task" ($own.tasks | join ","))
        "group" (printf "ombud.infer.%s" $tasks) "topics" (list (printf "%scomplaints.raw" $prefix))) -}}
{{- end -}}
{{- if .Values.join.enabled -}}
  {{- $workers = append $workers (dict
        "role" "join" "component" "join" "image" "imageCore" "values" .Values.join "args" (list "join")) -}}
{{- end -}}
{{- if .Values.archive.enabled -}}
  {{- $topics := list -}}
  {{- range list "complaints.raw" "complaints.predictions" "complaints.routed" -}}
    {{- $topics = append $topics (printf "%s%s" $prefix .) -}}
  {{- end -}}
  {{- $workers = append $workers (dict
        "role" "archive" "component" "archive" "image" "imageCore" "args" (list "archive")
        "values" (include "ombud.scaled" (list .Values.autoscaling .Values.archive) | fromJson)
        "group" "ombud.archive" "topics" $topics) -}}
{{- end -}}
{{- if .Values.console.enabled -}}
  {{- $workers = append $workers (dict
        "role" "console" "component" "console" "image" "imageCore" "values" .Values.console "args" (list "console")) -}}
{{- end -}}
{{- if .Values.explain.existingSecret -}}
  {{- /* One pod: it computes one answer at a time, and who asks meanwhile waits or asks again. */}}
  {{- $workers = append $workers (dict
        "role" "explain" "component" "explain" "image" "image" "args" (list "explain" "--serve")
        "values" (include "ombud.merged" (list .Values.explain (dict "replicas" 1)) | fromJson)) -}}
{{- end -}}
{{- if .Values.operator.enabled -}}
  {{- /* As the console, which needs nothing that the operator's user may not, and stays. One pod: people share it. */}}
  {{- $workers = append $workers (dict
        "role" "operator" "component" "operator" "image" "imageCore" "args" (list "console")
        "values" (include "ombud.merged" (list .Values.operator (dict "replicas" 1)) | fromJson)) -}}
{{- end -}}
{{- toJson $workers -}}
{{- end -}}

{{/* Two maps as one, as JSON: the second wins, also with false, 0 and what is empty; lists are replaced. */}}
{{- define "ombud.merged" -}}
{{- $merged := dict -}}
{{- $first := index . 0 -}}
{{- $second := index . 1 -}}
{{- range $name, $value := $first -}}{{- $_ := set $merged $name $value -}}{{- end -}}
{{- range $name, $value := $second -}}
  {{- $there := get $merged $name -}}
  {{- if and (kindIs "map" $value) (kindIs "map" $there) -}}
    {{- $value = include "ombud.merged" (list $there $value) | fromJson -}}
  {{- end -}}
  {{- $_ := set $merged $name $value -}}
{{- end -}}
{{- toJson $merged -}}
{{- end -}}

{{/* A worker's values with its whole `autoscaling`. */}}
{{- define "ombud.scaled" -}}
{{- $values := index . 1 -}}
{{- $scaling := include "ombud.merged" (list (index . 0) (default dict $values.autoscaling)) | fromJson -}}
{{- include "ombud.merged" (list $values (dict "autoscaling" $scaling)) -}}
{{- end -}}
