{{/* Values that contradict each other, which no schema can say in a sentence: all of them are said at once. */}}
{{- define "cti-lookup.refuse" -}}
{{- $faults := concat
  (include "cti-lookup.faults.secrets" . | splitList "\n")
  (include "cti-lookup.faults.directory" . | splitList "\n")
  (include "cti-lookup.faults.sources" . | splitList "\n")
  (include "cti-lookup.faults.several" . | splitList "\n")
  (include "cti-lookup.faults.redis" . | splitList "\n")
  (include "cti-lookup.faults.reach" . | splitList "\n")
  (include "cti-lookup.faults.watching" . | splitList "\n") }}
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
{{- range $name, $_ := .Values.secrets }}
{{- if has $name (list "CTI_HOST" "CTI_PORT" "CTI_CONFIG" "CTI_SECRETS_DIR" "CTI_DIRECTORY_DB" "CTI_DRAIN") }}
secrets.{{ $name }} is set by the chart itself: leave it out
{{- else if hasKey $.Values.settings $name }}
secrets.{{ $name }} is no secret: put it under settings
{{- end }}
{{- end }}
{{- range $name := list "app.kubernetes.io/name" "app.kubernetes.io/instance" }}
{{- if hasKey $.Values.podLabels $name }}
podLabels.{{ $name }} is set by the chart itself, and the Service finds the pods by it: leave it out
{{- end }}
{{- end }}
{{- end }}

{{- define "cti-lookup.faults.directory" -}}
{{- $secrets := .Values.secrets }}
{{- if and .Values.settings.CTI_DIRECTORY_URL (not .Values.existingSecret) (not $secrets.CTI_DIRECTORY_TOKEN) (not $secrets.CTI_DIRECTORY_CLIENT_ID) }}
settings.CTI_DIRECTORY_URL needs secrets.CTI_DIRECTORY_TOKEN or secrets.CTI_DIRECTORY_CLIENT_ID, or an existingSecret with one of them
{{- end }}
{{- if and $secrets.CTI_DIRECTORY_TOKEN $secrets.CTI_DIRECTORY_CLIENT_ID }}
secrets.CTI_DIRECTORY_TOKEN and secrets.CTI_DIRECTORY_CLIENT_ID are two ways in: leave one of them out
{{- end }}
{{- if and $secrets.CTI_DIRECTORY_CLIENT_ID (not (and $secrets.CTI_DIRECTORY_CLIENT_SECRET .Values.settings.CTI_DIRECTORY_OAUTH_URL)) }}
secrets.CTI_DIRECTORY_CLIENT_ID needs secrets.CTI_DIRECTORY_CLIENT_SECRET and settings.CTI_DIRECTORY_OAUTH_URL
{{- end }}
{{- end }}

{{- define "cti-lookup.faults.sources" -}}
{{- if and .Values.sources .Values.config }}
sources and config exclude each other: both are the same file
{{- end }}
{{- $literal := false }}
{{- range regexFindAll "secrets\\s*=\\s*\\[[^]]*\\]" .Values.config -1 }}
{{- range regexFindAll "\"[^\"]*\"|'[^']*'" . -1 }}
{{- if not (regexMatch "^.(env|file):" .) }}{{ $literal = true }}{{ end }}
{{- end }}
{{- end }}
{{- if $literal }}
config holds a secret, and stands in a ConfigMap: name it there, as env:NAME or file:PATH
{{- end }}
{{- /* what tests hold against the dialects themselves: those that sign, and those whose signature or set-up holds our URL */}}
{{- $signing := list "aircall" "dialpad" "placetel" "plivo" "ringcentral" "signalwire" "standard-webhooks" "telnyx" "texml" "twilio" "twilio-late-fields" "vonage" "webex" "yeastar" "zoom" }}
{{- $calledByURL := list "plivo" "signalwire" "sipgate" "twilio" "twilio-late-fields" }}
{{- range $name, $source := .Values.sources }}
{{- if and (has $source.dialect $signing) (not $source.secrets) }}
sources.{{ $name }} has no secrets: {{ $source.dialect }} signs with one, and takes no machine key
{{- end }}
{{- if and (has $source.dialect $calledByURL) (not $.Values.settings.CTI_PUBLIC_URL) }}
sources.{{ $name }} needs settings.CTI_PUBLIC_URL: {{ $source.dialect }} signs the URL, or is told it
{{- end }}
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
{{- if and (include "cti-lookup.several" .) (not .Values.existingSecret) (not .Values.secrets.CTI_SECRET) }}
{{ $what }} needs secrets.CTI_SECRET: without it each pod refuses the agents' tokens that the others made
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
{{- $hosts := concat (ternary .Values.ingress.hosts list .Values.ingress.enabled) (ternary .Values.httpRoute.hostnames list .Values.httpRoute.enabled) }}
{{- with .Values.settings.CTI_PUBLIC_URL }}
{{- $url := urlParse . }}
{{- $host := regexReplaceAll ":[0-9]+$" $url.host "" }}
{{- $wild := print "*." (regexReplaceAll "^[^.]*[.]" $host "") }}
{{- if and $hosts (not (has $host $hosts)) (not (has $wild $hosts)) }}
settings.CTI_PUBLIC_URL names {{ $host }}, which is none of the hosts that are let in: {{ join ", " $hosts }}
{{- end }}
{{- if and (eq $url.scheme "http") $.Values.ingress.enabled $.Values.ingress.tlsSecret }}
settings.CTI_PUBLIC_URL begins with http, and ingress.tlsSecret makes it https: phone systems sign the URL that they call
{{- end }}
{{- end }}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) }}
httpRoute.enabled needs httpRoute.parentRefs: the gateways it belongs to
{{- end }}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.hostnames) }}
httpRoute.enabled needs httpRoute.hostnames
{{- end }}
{{- end }}

{{- define "cti-lookup.faults.watching" -}}
{{- $hours := .Values.prometheusRule.workingHours }}
{{- if ge (int $hours.from) (int $hours.to) }}
prometheusRule.workingHours.from is not before prometheusRule.workingHours.to: both are hours of one day, UTC
{{- end }}
{{- end }}
