# Completion of cpx for bash, made from what it says of itself.
_cpx() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} command= flags=--lang i
	COMPREPLY=()
	case $before in
	--lang | -lang)
		mapfile -t COMPREPLY < <(compgen -W 'fr en' -- "$word")
		return
		;;
	esac
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		{{join .CPx.Names " | "}})
			command=${COMP_WORDS[i]}
			break
			;;
		esac
	done
	case $command in
	'')
		mapfile -t COMPREPLY < <(compgen -W {{quote (join .CPx.Names " ")}}' help --lang' -- "$word")
		return
		;;
{{- range .CPx.Commands}}
	{{.Name}}) flags={{quote (join .Flags " ")}} ;;
{{- end}}
	esac
	if [[ $word == -* ]]; then
		mapfile -t COMPREPLY < <(compgen -W "$flags" -- "$word")
	else
		compopt -o default
	fi
}
complete -F _cpx cpx
