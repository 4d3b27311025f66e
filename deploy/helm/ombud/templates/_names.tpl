{{/* What everything is called: names, labels, images. */}}

{{- define "ombud.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What never changes while a release lives: a Deployment's selector may not. No version stands here. */}}
{{- define "ombud.release" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{/* A component's pods: a dict of root and component. */}}
{{- define "ombud.selector" -}}
{{ include "ombud.release" .root }}
app.kubernetes.io/component: {{ .component }}
{{- end -}}

{{/* Labels of an object: a dict of root and component. */}}
{{- define "ombud.labels" -}}
{{ include "ombud.selector" . }}
app.kubernetes.io/part-of: ombud
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- with .root.Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* An image: a dict of root and image (`image` or `imageCore`). A digest wins over a tag. */}}
{{- define "ombud.image" -}}
{{- $image := index .root.Values .image -}}
{{- $name := trimPrefix "/" (printf "%s/%s" $image.registry $image.repository) -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $name $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $name (default .root.Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{- define "ombud.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "ombud.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}
