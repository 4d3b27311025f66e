{{/*
The pod of every role, for Deployments and Jobs alike: a dict of
  root, role, component, image (`image` or `imageCore`), args, values (those of the role),
  config (name of the ConfigMap), serviceAccount, and for who answers over HTTP `serves`;
  restartPolicy (Jobs), claim and size (the data folder's).
*/}}
{{- define "ombud.pod" -}}
{{- $root := .root -}}
{{- $all := $root.Values -}}
{{- $own := .values -}}
{{- $role := .role -}}
metadata:
  labels:
    {{- include "ombud.selector" . | nindent 4 }}
    app.kubernetes.io/part-of: ombud
    ombud/role: {{ $role }}
    {{- with include "ombud.merged" (list $all.podLabels (default dict $own.podLabels)) | fromJson }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  annotations:
    checksum/config: {{ include "ombud.toml" $root | sha256sum }}
    {{- with include "ombud.merged" (list $all.podAnnotations (default dict $own.podAnnotations)) | fromJson }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ .serviceAccount }}
  automountServiceAccountToken: false
  enableServiceLinks: false
  terminationGracePeriodSeconds: {{ include "ombud.grace" $root }}
  {{- with .restartPolicy }}
  restartPolicy: {{ . }}
  {{- end }}
  {{- with $all.imagePullSecrets }}
  imagePullSecrets:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  securityContext:
    runAsNonRoot: true
    seccompProfile:
      type: RuntimeDefault
    {{- with $all.podSecurityContext }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  containers:
    - name: ombud
      image: {{ include "ombud.image" (dict "root" $root "image" .image) }}
      imagePullPolicy: {{ (index $all .image).pullPolicy }}
      args:
        {{- toYaml (concat .args $all.extraArgs (default list $own.extraArgs)) | nindent 8 }}
      env:
        {{- include "ombud.env" . | nindent 8 }}
      {{- with concat $all.extraEnvFrom (default list $own.extraEnvFrom) (include "ombud.tokens" . | fromYamlArray) }}
      envFrom:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- if .serves }}
      ports:
        - name: http
          containerPort: {{ include "ombud.port" $all.http.address }}
        - name: metrics
          containerPort: {{ include "ombud.port" $all.http.metricsAddress }}
      {{- $probes := include "ombud.merged" (list $all.probes (default dict $own.probes)) | fromJson }}
      startupProbe:
        httpGet: {path: /healthz, port: http}
        {{- toYaml $probes.startup | nindent 8 }}
      livenessProbe:
        httpGet: {path: /healthz, port: http}
        {{- toYaml $probes.liveness | nindent 8 }}
      readinessProbe:
        httpGet: {path: /readyz, port: http}
        {{- toYaml $probes.readiness | nindent 8 }}
      {{- end }}
      {{- with $own.resources }}
      resources:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      securityContext:
        allowPrivilegeEscalation: false
        readOnlyRootFilesystem: true
        capabilities:
          drop: [ALL]
      volumeMounts:
        - name: config
          mountPath: /etc/ombud/config
          readOnly: true
        {{- if include "ombud.secrets" . }}
        - name: secrets
          mountPath: /etc/ombud/secrets
          readOnly: true
        {{- end }}
        - name: data
          mountPath: /data
        - name: tmp
          mountPath: /tmp
        {{- if include "ombud.mountsModels" . }}
        - name: models
          mountPath: /models
          readOnly: true
          {{- with $all.models.subPath }}
          subPath: {{ . }}
          {{- end }}
        {{- end }}
        {{- if include "ombud.mountsShared" . }}
        - name: shared-models
          mountPath: /shared-models
          {{- if has $role (list "infer" "explain" "console") }}
          readOnly: true
          {{- end }}
        {{- end }}
        {{- with concat $all.extraVolumeMounts (default list $own.extraVolumeMounts) }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
  volumes:
    - name: config
      configMap:
        name: {{ .config }}
    {{- with include "ombud.secrets" . }}
    - name: secrets
      projected:
        defaultMode: 0440
        sources:
          {{- . | nindent 10 }}
    {{- end }}
    - name: data
      {{- if .claim }}
      persistentVolumeClaim:
        claimName: {{ .claim }}
      {{- else }}
      emptyDir:
        sizeLimit: {{ default $all.dataSize .size }}
      {{- end }}
    - name: tmp
      emptyDir:
        sizeLimit: {{ $all.tmpSize }}
    {{- if include "ombud.mountsModels" . }}
    - name: models
      {{- if eq $all.models.from "claim" }}
      persistentVolumeClaim:
        claimName: {{ $all.models.existingClaim }}
        readOnly: true
      {{- else }}
      image:
        {{- toYaml $all.models.imageVolume | nindent 8 }}
      {{- end }}
    {{- end }}
    {{- if include "ombud.mountsShared" . }}
    - name: shared-models
      persistentVolumeClaim:
        claimName: {{ $all.models.sharedClaim }}
    {{- end }}
    {{- with concat $all.extraVolumes (default list $own.extraVolumes) }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with include "ombud.merged" (list $all.nodeSelector (default dict $own.nodeSelector)) | fromJson }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with concat $all.tolerations (default list $own.tolerations) }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with include "ombud.merged" (list $all.affinity (default dict $own.affinity)) | fromJson }}
  affinity:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with default $all.priorityClassName $own.priorityClassName }}
  priorityClassName: {{ . }}
  {{- end }}
  {{- if .serves }}
  topologySpreadConstraints:
    {{- with $all.topologySpreadConstraints }}
    {{- toYaml . | nindent 4 }}
    {{- else }}
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      matchLabelKeys: [pod-template-hash]
      labelSelector:
        matchLabels:
          {{- include "ombud.selector" $ | nindent 10 }}
    {{- end }}
    {{- end }}
  {{- end }}
{{- end -}}

{{/* Longer than the drain and the 3 s after which who is stuck is ended, with room for a slow node. */}}
{{- define "ombud.grace" -}}
{{- $drain := max 10000 (int64 (dig "join" "drain_ms" 3000 .Values.config)) -}}
{{- max (int64 .Values.terminationGracePeriodSeconds) (add (div (add $drain 999) 1000) 10) -}}
{{- end -}}

{{/* The port of `ADDRESS:PORT`. */}}
{{- define "ombud.port" -}}
{{- splitList ":" . | last -}}
{{- end -}}

{{/* Whether the role reads the default models where they are mounted. */}}
{{- define "ombud.mountsModels" -}}
{{- if and (ne .root.Values.models.from "image") (has .role (list "infer" "explain" "setup" "learn" "doctor" "operator")) }}yes{{ end -}}
{{- end -}}

{{/* Whether the role finds models that were added, or puts some there. The console shows their cards. */}}
{{- define "ombud.mountsShared" -}}
{{- if and .root.Values.models.sharedClaim (has .role (list "infer" "explain" "console" "learn" "operator")) }}yes{{ end -}}
{{- end -}}
