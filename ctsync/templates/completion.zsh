#compdef ctsync
# ctsync: completion for zsh
_ctsync_completion() {
    local offer kind value help
    local -a whole whole_shown open open_shown
    while IFS= read -r offer && IFS= read -r help; do
        kind=${offer%%,*} value=${offer#*,}
        case $kind in
            dir) _path_files -/ ;;
            file) _path_files ;;
            open) open+=("$value") open_shown+=("$value${help:+  -- $help}") ;;
            plain) whole+=("$value") whole_shown+=("$value${help:+  -- $help}") ;;
        esac
    done < <(COMP_LINE="${(j: :)words[1,CURRENT]}" _CTSYNC_COMPLETE=zsh_complete \
        ${words[1]} 2>/dev/null)
    (( $#whole )) && compadd -V ctsync -d whole_shown -a whole
    (( $#open )) && compadd -V ctsync -S '' -d open_shown -a open
}

if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _ctsync_completion "$@"
else
    compdef _ctsync_completion ctsync
fi
