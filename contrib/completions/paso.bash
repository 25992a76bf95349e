# Completion of paso for bash.
#   source <(paso completion bash)
_paso() {
    local line=${COMP_LINE:0:COMP_POINT} word
    COMPREPLY=()
    while IFS= read -r word; do
        if [[ $word == ':files' ]]; then
            compopt -o default 2>/dev/null
            return
        fi
        COMPREPLY+=("$word")
    done < <(paso __complete bash "$line" 2>/dev/null)
    [[ ${COMPREPLY[0]-} == *[=:,] ]] && compopt -o nospace 2>/dev/null
    return 0
}
complete -F _paso paso
