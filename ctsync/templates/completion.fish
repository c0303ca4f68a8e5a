# ctsync: completion for fish
function _ctsync_completion
    set -l answer (COMP_LINE=(commandline -cp | string collect) \
        _CTSYNC_COMPLETE=fish_complete ctsync 2>/dev/null)
    while set -q answer[2]
        set -l parts (string split -m 1 , -- $answer[1])
        set -l help $answer[2]
        set -e answer[1..2]
        switch $parts[1]
            case dir
                __fish_complete_directories (commandline -ct)
            case file
                __fish_complete_path (commandline -ct)
            case open plain
                printf '%s\t%s\n' $parts[2] $help
        end
    end
end

complete --no-files --keep-order --command ctsync --arguments '(_ctsync_completion)'
