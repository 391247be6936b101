{{/* The name of the chart, as a label. */}}
{{- define "cti-lookup.name" -}}
{{- .Chart.Name | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of what this release creates: a release named after the chart is not named twice. */}}
{{- define "cti-lookup.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" }}
{{- end -}}
{{- end }}

{{- define "cti-lookup.selectorLabels" -}}
app.kubernetes.io/name: {{ include "cti-lookup.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "cti-lookup.labels" -}}
{{ include "cti-lookup.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "cti-lookup.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end }}

{{/* The Secret whose keys become variables, or nothing. */}}
{{- define "cti-lookup.secretName" -}}
{{- if .Values.existingSecret -}}
{{ .Values.existingSecret }}
{{- else if .Values.secrets -}}
{{ include "cti-lookup.fullname" . }}
{{- end -}}
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

{{/* What no schema can say in a sentence. */}}
{{- define "cti-lookup.refuse" -}}
{{- if and .Values.existingSecret .Values.secrets }}
{{- fail "secrets and existingSecret exclude each other: put every secret into one of them" }}
{{- end }}
{{- if and (gt (int .Values.replicas) 1) (not .Values.settings.CTI_DIRECTORY_URL) }}
{{- fail "replicas above 1 need settings.CTI_DIRECTORY_URL: the embedded directory is one per pod, and they would disagree" }}
{{- end }}
{{- end }}
