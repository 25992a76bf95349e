# Completion of paso for fish.
#   paso completion fish | source        or ~/.config/fish/completions/paso.fish
function __paso_complete
    set -l words (commandline -opc) (commandline -ct)
    for line in (paso __complete fish (string join ' ' -- (string escape -- $words)) \
            2>/dev/null)
        if test "$line" = ':files'
            __fish_complete_path (commandline -ct)
        else
            echo $line
        end
    end
end
complete -c paso -f -a '(__paso_complete)'
