#compdef postecpx
# Made from what postecpx says of itself.
if [[ $words[CURRENT-1] == --lang ]]; then
	compadd fr en
	return
fi
_arguments{{range .Window.Options}} \
	{{quote (print "--" .Name "[" (zsh .Meaning) "]")}}{{end}}
