# Completion of cpx for fish, made from what it says of itself.
{{- range .CPx.Commands}}
complete -c cpx -n __fish_use_subcommand -f -a {{.Name}} -d {{fish .Meaning}}
{{- end}}
complete -c cpx -l lang -x -a 'fr en'
{{- range $command := .CPx.Commands}}
{{- range .Options}}
{{- if ne .Name "lang"}}
complete -c cpx -n '__fish_seen_subcommand_from {{$command.Name}}' -l {{.Name}} -d {{fish .Meaning}}
{{- end}}
{{- end}}
{{- end}}
