#compdef cpx
# Made from what cpx says of itself.
local -a commands
commands=(
{{- range .CPx.Commands}}
	{{quote (print .Name ":" (zsh .Meaning))}}
{{- end}}
)
if (( CURRENT == 2 )); then
	_describe -t commands cpx commands
	return
fi
if [[ $words[CURRENT-1] == --lang ]]; then
	compadd fr en
	return
fi
case $words[2] in
{{- range .CPx.Commands}}
{{.Name}})
	_arguments{{range .Options}} \
		{{quote (print "--" .Name "[" (zsh .Meaning) "]")}}{{end}} \
		'*:file:_files'
	;;
{{- end}}
esac
