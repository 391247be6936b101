{{/* The name of the chart, as a label. */}}
{{- define "cti-lookup.name" -}}
{{- .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of what this release creates: a release named after the chart is not named twice. */}}
{{- define "cti-lookup.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "cti-lookup.selectorLabels" -}}
app.kubernetes.io/name: {{ include "cti-lookup.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{/* The embedded Redis is another thing of the same release: its name is its own, so that no selector takes both. */}}
{{- define "cti-lookup.redis.selectorLabels" -}}
app.kubernetes.io/name: {{ include "cti-lookup.name" . }}-redis
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "cti-lookup.commonLabels" -}}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: {{ include "cti-lookup.name" . }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "cti-lookup.labels" -}}
{{ include "cti-lookup.selectorLabels" . }}
{{ include "cti-lookup.commonLabels" . }}
{{- end }}

{{- define "cti-lookup.redis.labels" -}}
{{ include "cti-lookup.redis.selectorLabels" . }}
{{ include "cti-lookup.commonLabels" . }}
{{- end }}

{{- define "cti-lookup.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- with .Values.image.digest }}@{{ . }}{{ end }}
{{- end }}

{{- define "cti-lookup.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{ .Values.serviceAccount.name | default (include "cti-lookup.fullname" .) }}
{{- else -}}
{{ .Values.serviceAccount.name | default "default" }}
{{- end -}}
{{- end }}

{{/* The Secret with the service's secrets, or nothing. */}}
{{- define "cti-lookup.secretName" -}}
{{- if .Values.existingSecret -}}
{{ .Values.existingSecret }}
{{- else if .Values.secrets -}}
{{ include "cti-lookup.fullname" . }}
{{- end -}}
{{- end }}

{{/* "yes" where more than one pod may answer. */}}
{{- define "cti-lookup.several" -}}
{{- if or .Values.autoscaling.enabled (gt (int .Values.replicas) 1) }}yes{{ end }}
{{- end }}

{{/* "yes" where there is a TOML file. */}}
{{- define "cti-lookup.hasConfig" -}}
{{- if or .Values.sources .Values.config }}yes{{ end }}
{{- end }}

{{/* "yes" where the embedded directory's file outlives its pod. */}}
{{- define "cti-lookup.keepsDirectory" -}}
{{- if and .Values.directory.persistence.enabled (not .Values.settings.CTI_DIRECTORY_URL) }}yes{{ end }}
{{- end }}

{{- define "cti-lookup.imagePullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end }}

{{- define "cti-lookup.podSecurityContext" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "cti-lookup.containerSecurityContext" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end }}

{{/* The port of a URL: its own, or its scheme's. */}}
{{- define "cti-lookup.portOf" -}}
{{- $url := urlParse . -}}
{{- regexFind "[0-9]+$" (regexFind ":[0-9]+$" $url.host) | default (ternary "80" "443" (eq $url.scheme "http")) }}
{{- end }}
