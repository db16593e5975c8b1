# Completion of postecpx for bash, made from what it says of itself.
_postecpx() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	if [[ $before == --lang ]]; then
		mapfile -t COMPREPLY < <(compgen -W 'fr en' -- "$word")
	else
		mapfile -t COMPREPLY < <(compgen -W {{quote (join .Window.Flags " ")}} -- "$word")
	fi
}
complete -F _postecpx postecpx
