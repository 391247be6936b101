{{/* Values that contradict each other, which no schema can say in a sentence: all of them are said at once. */}}
{{- define "cti-lookup.refuse" -}}
{{- $faults := concat
  (include "cti-lookup.faults.secrets" . | splitList "\n")
  (include "cti-lookup.faults.several" . | splitList "\n")
  (include "cti-lookup.faults.redis" . | splitList "\n")
  (include "cti-lookup.faults.reach" . | splitList "\n") }}
{{- $said := list }}
{{- range $faults }}
{{- with trim . }}{{ $said = append $said (printf "- %s" .) }}{{ end }}
{{- end }}
{{- with $said }}
{{- fail (printf "\nthese values cannot work together:\n%s\n" (join "\n" .)) }}
{{- end }}
{{- end }}

{{- define "cti-lookup.faults.secrets" -}}
{{- if and .Values.existingSecret .Values.secrets }}
secrets and existingSecret exclude each other: put every secret into one of them
{{- end }}
{{- if and .Values.sources .Values.config }}
sources and config exclude each other: both are the same file
{{- end }}
{{- if and .Values.settings.CTI_DIRECTORY_URL (not .Values.existingSecret) (not .Values.secrets.CTI_DIRECTORY_TOKEN) (not .Values.secrets.CTI_DIRECTORY_CLIENT_ID) }}
settings.CTI_DIRECTORY_URL needs secrets.CTI_DIRECTORY_TOKEN or secrets.CTI_DIRECTORY_CLIENT_ID, or an existingSecret with one of them
{{- end }}
{{- range $name, $source := .Values.sources }}
{{- range $source.secrets }}
{{- $variable := trimPrefix "env:" . }}
{{- if and (hasPrefix "env:" .) (eq $.Values.secretsAs "files") }}
sources.{{ $name }} takes {{ . }}, and secretsAs is files: write file:/etc/cti-lookup/secrets/{{ $variable }}
{{- else if and (hasPrefix "env:" .) (not $.Values.existingSecret) (not (hasKey $.Values.secrets $variable)) }}
sources.{{ $name }} takes {{ . }}, and there is no secrets.{{ $variable }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "cti-lookup.faults.several" -}}
{{- $what := ternary "autoscaling.enabled" "replicas above 1" .Values.autoscaling.enabled }}
{{- if and (include "cti-lookup.several" .) (not .Values.settings.CTI_DIRECTORY_URL) }}
{{ $what }} needs settings.CTI_DIRECTORY_URL: the embedded directory is one per pod, and they would disagree
{{- end }}
{{- if and (include "cti-lookup.several" .) (eq .Values.redis.mode "none") }}
{{ $what }} needs Redis, in which pods share calls and hear what is forgotten: set redis.mode to external, and secrets.CTI_REDIS_URL
{{- end }}
{{- if and .Values.autoscaling.enabled (gt (int .Values.autoscaling.minReplicas) (int .Values.autoscaling.maxReplicas)) }}
autoscaling.minReplicas is above autoscaling.maxReplicas
{{- end }}
{{- if and .Values.directory.persistence.enabled .Values.settings.CTI_DIRECTORY_URL }}
directory.persistence.enabled keeps the embedded directory's file, and settings.CTI_DIRECTORY_URL is another directory: unset one of them
{{- end }}
{{- end }}

{{- define "cti-lookup.faults.redis" -}}
{{- $redis := .Values.redis }}
{{- if and (ne $redis.mode "external") .Values.secrets.CTI_REDIS_URL }}
secrets.CTI_REDIS_URL is set, and redis.mode is {{ $redis.mode }}: set redis.mode to external, or leave the URL out
{{- end }}
{{- if and (eq $redis.mode "external") (not .Values.existingSecret) (not .Values.secrets.CTI_REDIS_URL) }}
redis.mode external needs secrets.CTI_REDIS_URL, or an existingSecret with it
{{- end }}
{{- if and (eq $redis.mode "embedded") (not $redis.password) }}
redis.mode embedded needs redis.password, of 16 letters, digits, - and _ at least
{{- end }}
{{- if and (ne $redis.mode "embedded") $redis.password }}
redis.password is the embedded one's, and redis.mode is {{ $redis.mode }}: the password of an external one stands in its URL
{{- end }}
{{- if and (ne $redis.mode "external") $redis.tlsSecret }}
redis.tlsSecret is for redis.mode external, which is {{ $redis.mode }}
{{- end }}
{{- if and .Values.networkPolicy.enabled (eq $redis.mode "external") (not .Values.networkPolicy.extraEgress) }}
networkPolicy.enabled would cut the external Redis off: allow it in networkPolicy.extraEgress
{{- end }}
{{- end }}

{{- define "cti-lookup.faults.reach" -}}
{{- if and .Values.ingress.enabled (not .Values.ingress.hosts) }}
ingress.enabled needs ingress.hosts
{{- end }}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}
httpRoute.enabled needs httpRoute.parentRefs: the gateways it belongs to
{{- end }}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.hostnames) }}
httpRoute.enabled needs httpRoute.hostnames
{{- end }}
{{- end }}
