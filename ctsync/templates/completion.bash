# ctsync: completion for bash
_ctsync_completion() {
    local offer kind value
    COMPREPLY=()
    while IFS= read -r offer && IFS= read -r _; do
        kind=${offer%%,*} value=${offer#*,}
        case $kind in
            dir) compopt -o dirnames 2>/dev/null ;;
            file) compopt -o default 2>/dev/null ;;
            open) compopt -o nospace 2>/dev/null; COMPREPLY+=("$value") ;;
            plain) COMPREPLY+=("$value") ;;
        esac
    done < <(COMP_LINE="${COMP_LINE:0:COMP_POINT}" COMP_WORDBREAKS="$COMP_WORDBREAKS" \
        _CTSYNC_COMPLETE=bash_complete "$1" 2>/dev/null)
}

complete -o nosort -F _ctsync_completion ctsync 2>/dev/null ||
    complete -F _ctsync_completion ctsync
