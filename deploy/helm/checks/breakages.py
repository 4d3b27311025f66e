"""Breaks the chart a line at a time, and looks whether the promise that must notice does.

Each breakage is a promise, the rendering in which it shows, a file of the chart, a line of it as it stands (without its indent), and what
takes its place; every such line of the file is replaced. A breakage that nobody notices fails, and so does one whose line is gone.
"""

import tempfile
from pathlib import Path

import promises
import render

POD, SETTINGS, WORKERS, SCALING = (
    f"templates/{name}" for name in ("_pod.tpl", "_settings.tpl", "workers.yaml", "scaling.yaml")
)
LIST, SETUP, NETWORK, API = (
    f"templates/{name}" for name in ("_workers.tpl", "setup.yaml", "_network.tpl", "api.yaml")
)
VALUES = "values.yaml"

BREAKAGES = [
    # Pod security.
    ("every_container_drops_all_capabilities", "default", POD, "drop: [ALL]", "drop: [NET_RAW]"),
    ("no_container_may_gain_privileges", "default", POD, "allowPrivilegeEscalation: false", "allowPrivilegeEscalation: true"),
    ("every_root_file_system_is_read_only", "pvc-models", POD, "readOnlyRootFilesystem: true", ""),
    ("no_pod_runs_as_root", "default", POD, "runAsNonRoot: true", "runAsNonRoot: false"),
    ("every_pod_has_the_runtimes_seccomp_profile", "default", POD, "type: RuntimeDefault", "type: Unconfined"),
    ("every_user_is_named_where_the_cluster_does_not_choose", "openshift", POD, "{{- with $all.podSecurityContext }}",
     '{{- with dict "runAsUser" 65532 }}'),
    ("no_pod_gets_an_accounts_token", "default", POD, "automountServiceAccountToken: false", ""),
    ("no_account_hands_its_token_out", "default", "templates/serviceaccount.yaml", "automountServiceAccountToken: false", ""),
    ("no_variables_of_services_reach_a_pod", "default", POD, "enableServiceLinks: false", ""),
    ("nothing_of_the_host_is_shared", "default", POD, "enableServiceLinks: false", "hostNetwork: true"),
    ("only_volumes_of_the_restricted_kinds_are_mounted", "default", POD, "sizeLimit: {{ $all.tmpSize }}",
     "sizeLimit: {{ $all.tmpSize }}\n    - {name: host, hostPath: {path: /}}"),
    # Secrets.
    ("no_secret_stands_among_the_variables", "sasl-tls", SETTINGS, "- name: OMBUD_KAFKA__PASSWORD_FILE",
     "- name: OMBUD_KAFKA__PROPERTIES__SASL_PASSWORD"),
    ("no_secret_stands_among_the_settings", "sasl-tls", SETTINGS, '"cql" (dict "username" $values.cql.username) -}}',
     '"cql" (dict "username" $values.cql.username "password" $values.cql.existingSecret) -}}'),
    ("no_secret_is_rendered", "gitops", "templates/extra.yaml", "---", "---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\n---"),
    ("every_file_that_settings_name_is_mounted", "sasl-tls", SETTINGS, '- name: OMBUD_CQL__PASSWORD_FILE', "- name: OMBUD_CQL__USERNAME"),
    ("every_file_that_settings_name_is_mounted", "mtls", SETTINGS,
     "- {key: {{ $kafka.tls.clientKeyKey | quote }}, path: kafka/client.key}", ""),
    ("secrets_are_read_by_their_group_alone", "sasl-tls", POD, "defaultMode: 0440", "defaultMode: 0444"),
    ("who_keeps_no_cases_gets_no_password_for_them", "sasl-tls", SETTINGS,
     '{{- $servers := ternary (list "registry" "cql") (list "registry") (ne (include "ombud.storesCases" .) "") }}',
     '{{- $servers := list "registry" "cql" }}'),
    ("each_role_signs_in_as_its_own_user", "sasl-tls", SETTINGS,
     '{{- include "ombud.merged" (list $all (default dict (index $kafka.users $role))) -}}', "{{- toJson $all -}}"),
    ("brokers_are_asked_over_tls_where_it_is_wanted", "sasl-tls", SETTINGS,
     '{{- $security := ternary (ternary "SASL_SSL" "SSL" (ne $kafka.sasl.mechanism "")) "SASL_PLAINTEXT" $kafka.tls.enabled -}}',
     '{{- $security := "SASL_PLAINTEXT" -}}'),
    ("the_console_alone_gets_tokens", "default", SETTINGS, '{{- if and (eq .role "console") .root.Values.http.tokensSecret -}}',
     "{{- if .root.Values.http.tokensSecret -}}"),
    ("the_console_alone_gets_the_key_of_dossiers", "sign-in", SETTINGS, "{{- with $values.dossier.existingSecret }}", '{{- with "" }}'),
    ("the_operators_port_lets_nobody_in", "default", SETTINGS, "- name: OMBUD_HTTP__TOKENS__SHUT", "- name: OMBUD_HTTP__OPEN"),
    ("the_operators_port_lets_nobody_in", "gitops", SETTINGS, '{{- range $system, $scopes := merge dict (dig "http" "scopes" dict $values.config) (dig "http" "teams" dict $values.config) }}',
     "{{- range $system, $scopes := dict }}"),
    ("no_secret_stands_among_the_variables", "default", SETTINGS, 'value: {{ repeat 64 "0" | quote }}', 'value: {{ repeat 64 "1" | quote }}'),
    ("each_role_signs_in_as_its_own_user", "sasl-tls", SETTINGS, '{{- $role := ternary "operator" .role (eq .role "doctor") -}}',
     "{{- $role := .role -}}"),
    ("the_hubs_token_goes_to_who_computes_alone", "hub-models", SETTINGS,
     '{{- if and .existingSecret (has $.role (list "infer" "explain" "learn")) }}', "{{- if .existingSecret }}"),
    # Updates.
    ("a_start_is_waited_for", "default", POD, "startupProbe:", "startupProbeNot:"),
    ("models_get_ten_minutes_to_load", "default", VALUES, "failureThreshold: 120", "failureThreshold: 60"),
    ("who_does_not_live_is_restarted", "default", POD, "livenessProbe:", "livenessProbeNot:"),
    ("who_cannot_work_is_sent_nothing", "default", POD, "httpGet: {path: /readyz, port: http}", "httpGet: {path: /healthz, port: http}"),
    ("the_ports_are_those_that_settings_name", "default", POD,
     'containerPort: {{ include "ombud.port" $all.http.metricsAddress }}', "containerPort: 8080"),
    ("every_address_is_listened_on", "default", VALUES, "address: 0.0.0.0:8080", "address: 127.0.0.1:8080"),
    ("a_pod_may_stop_longer_than_it_drains", "gitops", POD,
     "{{- max (int64 .Values.terminationGracePeriodSeconds) (add (div (add $drain 999) 1000) 10) -}}",
     "{{- int64 .Values.terminationGracePeriodSeconds -}}"),
    ("a_pod_may_stop_longer_than_it_drains", "default", VALUES, "terminationGracePeriodSeconds: 30", "terminationGracePeriodSeconds: 5"),
    ("nothing_comes_between_a_worker_and_sigterm", "default", POD, "args:",
     'lifecycle: {preStop: {exec: {command: [sleep, "5"]}}}\n      args:'),
    ("an_old_pod_goes_once_a_new_one_works", "default", WORKERS, "rollingUpdate: {maxSurge: 1, maxUnavailable: 0}",
     "rollingUpdate: {maxSurge: 1, maxUnavailable: 1}"),
    ("replicas_are_left_to_what_scales", "keda", WORKERS, "{{- if not (default dict $worker.values.autoscaling).enabled }}", "{{- if true }}"),
    ("replicas_are_said_where_nothing_scales", "default", WORKERS, "replicas: {{ $worker.values.replicas }}", ""),
    ("selectors_hold_no_version", "default", "templates/_names.tpl", "app.kubernetes.io/component: {{ .component }}",
     "app.kubernetes.io/component: {{ .component }}\napp.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}"),
    ("an_upgrade_of_the_chart_alone_rolls_no_pod", "next chart", POD, "ombud/role: {{ $role }}",
     'ombud/role: {{ $role }}\n    helm.sh/chart: "{{ $root.Chart.Version }}"'),
    ("selectors_find_their_own_pods_alone", "default", "templates/_names.tpl", "app.kubernetes.io/component: {{ .component }}",
     "app.kubernetes.io/component: ombud"),
    ("other_settings_roll_every_worker", "other settings", POD, 'checksum/config: {{ include "ombud.toml" $root | sha256sum }}',
     "checksum/config: {{ $root.Chart.Version | sha256sum }}"),
    ("the_same_values_render_the_same", "default again", POD, 'checksum/config: {{ include "ombud.toml" $root | sha256sum }}',
     "checksum/config: {{ randAlphaNum 8 }}"),
    ("every_worker_may_lose_one_pod_at_a_time", "default", VALUES, "maxUnavailable: 1", "maxUnavailable: 2"),
    ("a_pod_that_does_not_work_holds_up_no_node", "default", "templates/disruption.yaml", "unhealthyPodEvictionPolicy: AlwaysAllow", ""),
    ("pods_are_spread_over_zones_and_nodes", "default", POD,
     '{{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}', '{{- range list "kubernetes.io/hostname" }}'),
    ("who_computes_gets_whole_cores", "default", VALUES, 'limits: {cpu: "2", memory: 2Gi}', 'limits: {cpu: "4", memory: 2Gi}'),
    ("every_container_says_what_it_needs", "default", VALUES, "limits: {memory: 256Mi}", "limits: {}"),
    ("a_joiner_gets_more_memory_than_it_may_fill", "default", VALUES, "limits: {memory: 2Gi}", "limits: {memory: 1Gi}"),
    ("what_is_written_has_bounds", "default", POD, "sizeLimit: {{ $all.tmpSize }}", "medium: Memory"),
    # Roles and Jobs.
    ("only_who_computes_gets_libtorch", "default", LIST,
     '"role" "join" "component" "join" "image" "imageCore" "values" .Values.join "args" (list "join")) -}}',
     '"role" "join" "component" "join" "image" "image" "values" .Values.join "args" (list "join")) -}}'),
    ("people_have_one_pod_of_their_own", "default", LIST,
     '"values" (include "ombud.merged" (list .Values.operator (dict "replicas" 1)) | fromJson)) -}}',
     '"values" (include "ombud.merged" (list .Values.operator (dict "replicas" 2)) | fromJson)) -}}'),
    ("people_have_one_pod_of_their_own", "default", LIST, "{{- if .Values.operator.enabled -}}", "{{- if .Values.learn.enabled -}}"),
    ("every_pods_user_may_what_it_runs", "default", LIST,
     '"role" "operator" "component" "operator" "image" "imageCore" "args" (list "console")',
     '"role" "operator" "component" "operator" "image" "imageCore" "args" (list "join")'),
    ("each_role_is_told_what_it_is", "default", LIST,
     '"role" "operator" "component" "operator" "image" "imageCore" "args" (list "console")',
     '"role" "operator" "component" "operator" "image" "imageCore" "args" (list "join")'),
    ("the_settings_file_is_named_where_it_is_mounted", "default", SETTINGS, "value: /etc/ombud/config/ombud.toml",
     "value: /etc/ombud/ombud.toml"),
    ("logs_are_json", "default", VALUES, "log_format: json", "log_format: human"),
    ("whole_numbers_are_written_whole", "gitops", SETTINGS,
     '{{- if and (kindIs "float64" .) (eq (floor .) .) -}}{{- printf "%.0f" . -}}{{- else -}}{{- toJson . -}}{{- end -}}',
     '{{- if kindIs "float64" . -}}{{- printf "%f" . -}}{{- else -}}{{- toJson . -}}{{- end -}}'),
    ("the_console_answers_to_every_name_that_leads_to_it", "gateway", SETTINGS,
     '{{- concat $inside .Values.http.hosts $outside | uniq | join "," -}}', '{{- concat $inside .Values.http.hosts | join "," -}}'),
    ("data_and_tmp_can_be_written", "default", POD, "mountPath: /tmp", "mountPath: /var/tmp"),
    ("mounted_models_are_read_only_and_named", "pvc-models", POD, '{{- with $all.models.subPath }}', "readOnly: false\n          {{- with false }}"),
    ("learned_models_reach_infer", "pvc-models", POD, '{{- if has $role (list "infer" "explain" "console") }}', "{{- if true }}"),
    ("setup_comes_before_each_install_and_upgrade", "default", SETUP, "helm.sh/hook-delete-policy: before-hook-creation",
     "helm.sh/hook-delete-policy: hook-failed"),
    ("what_setup_needs_comes_before_it", "default", SETUP, 'helm.sh/hook-weight: "-10"', 'helm.sh/hook-weight: "10"'),
    ("a_hook_is_kept_for_a_look_and_goes_by_itself", "default", SETUP,
     "ttlSecondsAfterFinished: {{ $setup.ttlSecondsAfterFinished }}", "ttlSecondsAfterFinished: 0"),
    ("another_content_is_another_job", "next setup", SETUP,
     'name: {{ ternary $name (printf "%s-%s" $name (sha256sum (printf "%s%v" $pod $setup) | trunc 10)) $setup.hook }}',
     "name: {{ $name }}-once"),
    ("helm_test_runs_the_doctor", "default", "templates/tests/doctor.yaml", "helm.sh/hook: test", "helm.sh/hook: post-install"),
    ("helm_test_runs_the_doctor", "default", "templates/tests/doctor.yaml", "helm.sh/hook-delete-policy: before-hook-creation",
     "helm.sh/hook-delete-policy: before-hook-creation,hook-succeeded"),
    ("setup_makes_as_many_partitions_and_copies_as_are_said", "wider", SETUP,
     '{{- $args := list "setup" (ternary "--widen" "--partitions" $setup.widen) (toString (int64 .Values.kafka.partitions)) }}',
     '{{- $args := list "setup" "--partitions" (toString (int64 .Values.kafka.partitions)) }}'),
    ("a_job_that_found_nothing_is_not_tried_again", "pvc-models", "templates/schedules.yaml",
     "onExitCodes: {containerName: ombud, operator: In, values: [2, 3]}", "onExitCodes: {containerName: ombud, operator: In, values: [2]}"),
    ("no_scheduled_job_runs_beside_itself", "pvc-models", "templates/schedules.yaml", "concurrencyPolicy: Forbid", "concurrencyPolicy: Allow"),
    # Autoscaling.
    ("nothing_scales_to_zero", "keda", SCALING, "minReplicaCount: {{ max 1 (int64 $scaling.minReplicas) }}", "minReplicaCount: 0"),
    ("a_group_that_has_committed_nothing_has_all_of_it_to_do", "keda", SCALING, "offsetResetPolicy: earliest", "offsetResetPolicy: latest"),
    ("every_member_gets_as_many_partitions", "keda", SCALING, 'ensureEvenDistributionOfPartitions: "true"', ""),
    ("lag_is_of_one_topic_and_one_group", "keda", SCALING, "topic: {{ $topic | quote }}", ""),
    ("a_group_is_named_as_the_worker_names_it", "keda", LIST,
     '{{- $tasks := ternary "all" ($own.tasks | join "+") (eq ($own.tasks | join ",") "all") -}}', '{{- $tasks := $own.name -}}'),
    ("time_to_drain_is_of_that_group_alone", "keda", SCALING, '{{- $matchers := printf "group=%q" $worker.group }}',
     '{{- $matchers := "group=~\\"ombud.infer.*\\"" }}'),
    ("time_to_drain_is_no_sum_over_pods", "keda", SCALING, "metricType: Value", "metricType: AverageValue"),
    ("how_busy_infer_is_shows_a_backfill_that_is_held_back", "keda", SCALING, "metricType: Utilization", "metricType: AverageValue"),
    ("a_missing_series_changes_nothing", "keda", SCALING, 'ignoreNullValues: "true"', 'ignoreNullValues: "false"'),
    ("pods_are_given_back_slowly", "hpa", VALUES, "stabilizationWindowSeconds: 300", "stabilizationWindowSeconds: 0"),
    ("triggers_have_names_that_keda_reads", "keda", SCALING, "offsetResetPolicy: earliest", "offsetReset: earliest"),
    ("keda_asks_with_all_that_brokers_want", "mtls", SCALING,
     '{{- $secrets = append $secrets (dict "parameter" "cert" "name" . "key" $kafka.tls.clientCertKey) -}}', ""),
    ("joiners_and_consoles_are_never_scaled", "keda", LIST,
     '"role" "join" "component" "join" "image" "imageCore" "values" .Values.join "args" (list "join")) -}}',
     '"role" "join" "component" "join" "image" "imageCore" "args" (list "join") "group" "ombud.join" "topics" (list "complaints.raw")\n'
     '        "values" (include "ombud.scaled" (list .Values.autoscaling .Values.join) | fromJson)) -}}'),
    # Network.
    ("nothing_comes_in_or_goes_out_by_default", "default", "templates/network.yaml", "policyTypes: [Ingress, Egress]",
     "policyTypes: [Ingress]"),
    ("metrics_are_let_in_and_the_api_at_the_console_and_questions_at_who_explains", "default", NETWORK, '{{- if eq .role "console" }}', "{{- if true }}"),
    ("only_who_keeps_cases_reaches_the_store", "default", NETWORK, '{{- if include "ombud.storesCases" . -}}', "{{- if true -}}"),
    ("every_pod_has_a_policy_of_its_own", "pvc-models", "templates/network.yaml",
     '{{- range $role := list "learn" "report" "doctor" }}', '{{- range $role := list "learn" "doctor" }}'),
    ("from_outside_the_api_and_the_sign_in_alone_are_reached", "gateway", API, "- path: {{ . }}", "- path: /"),
    ("the_provider_is_reached_by_the_console_alone", "sign-in", NETWORK,
     '{{- if and $values.signIn.oidc.issuer (eq .role "console") -}}', "{{- if $values.signIn.oidc.issuer -}}"),
    ("the_console_alone_gets_secrets_of_sign_in", "sign-in", SETTINGS, '{{- if eq .role "console" }}', "{{- if true }}"),
    ("who_explains_is_asked_by_the_console_alone", "sign-in", NETWORK, '{{- include "ombud.selector" (dict "root" .root "component" "console") | nindent 12 }}',
     '{{- include "ombud.release" .root | nindent 12 }}'),
    ("console_and_who_explains_have_one_secret_and_nobody_else_has_it", "sign-in", SETTINGS, '{{- if has .role (list "console" "explain") }}', "{{- if true }}"),
    ("who_explains_knows_no_server_and_no_password", "sasl-tls", SETTINGS, '{{- if ne .role "explain" }}yes{{ end -}}', "yes"),
    ("every_worker_is_scraped_and_no_job", "keda", "templates/podmonitor.yaml",
     "- {key: ombud/role, operator: In, values: [infer, join, archive, console, explain, operator]}",
     "- {key: ombud/role, operator: In, values: [infer, join, archive, console, explain]}"),
]  # fmt: skip


def broken_copy(folder, file, line, replacement):
    """A copy of the chart in which `line` of `file` is another; how often it stood there."""
    copy = render.copied(render.CHART, folder)
    lines = (copy / file).read_text().split("\n")
    places = [number for number, text in enumerate(lines) if text.strip() == line]
    for number in places:
        lines[number] = lines[number].replace(line, replacement)
    (copy / file).write_text("\n".join(lines))
    return copy, len(places)


def unnoticed(breakage):
    """Why a breakage does not count; nothing where its promise notices it."""
    name, where, file, line, replacement = breakage
    with tempfile.TemporaryDirectory() as folder:
        copy, places = broken_copy(Path(folder), file, line, replacement)
        if not places:
            return f"{name}: {file} has no line `{line}` any more"

        def rendering(named):
            return render.Rendering(named, render.render_named(named, copy), rendering)

        try:
            noticed = promises.broken(name, [rendering(where)])
        except render.RenderError as error:
            return f"{name}: with `{replacement}` the chart renders nothing: {error}"
    return None if noticed else f"{name} does not notice `{replacement}` for `{line}` in {file}"


def all_unnoticed():
    return [why for why in render.side_by_side(unnoticed, BREAKAGES) if why]
