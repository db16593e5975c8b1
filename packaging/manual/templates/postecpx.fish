# Completion of postecpx for fish, made from what it says of itself.
complete -c postecpx -f
{{- range .Window.Options}}
complete -c postecpx -l {{.Name}}{{if eq .Name "lang"}} -x -a 'fr en'{{end}} -d {{fish .Meaning}}
{{- end}}
