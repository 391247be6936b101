{{/*
The sources as TOML. A JSON text is a TOML text, and toJson writes 300 as 300 where toToml writes 300.0; so everything is
JSON but tables, which are written inline.
*/}}
{{- define "cti-lookup.toml" -}}
{{- range $name, $source := . -}}
[sources.{{ $name | toJson }}]
{{ range $key, $value := $source -}}
{{ $key | toJson }} = {{ include "cti-lookup.tomlValue" $value }}
{{ end }}
{{ end -}}
{{- end }}

{{- define "cti-lookup.tomlValue" -}}
{{- $parts := list -}}
{{- if kindIs "map" . -}}
{{- range $key, $value := . -}}
{{- $parts = append $parts (printf "%s = %s" (toJson $key) (include "cti-lookup.tomlValue" $value)) -}}
{{- end -}}
{ {{ join ", " $parts }} }
{{- else if kindIs "slice" . -}}
{{- range . -}}
{{- $parts = append $parts (include "cti-lookup.tomlValue" .) -}}
{{- end -}}
[{{ join ", " $parts }}]
{{- else -}}
{{ toJson . }}
{{- end -}}
{{- end }}
