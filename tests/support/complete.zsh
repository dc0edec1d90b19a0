# zsh -f complete.zsh DIRECTORY LINE PATTERN: succeeds when an interactive zsh that looks for
# completion in DIRECTORY shows PATTERN after LINE and Tab. Waits for it as long as it is let.
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; unset zle_bracketed_paste; fpath=($1 \$fpath); autoload -U compinit; compinit -D -u; print rea''dy"
zpty -r -m shell output '*ready*' || exit 1
zpty -w -n shell "$2"$'\t'
zpty -r -m shell output "*$3*"
