"""`paso completion`: the scripts for bash, zsh and fish.

Each asks `paso __complete`, whose answers are in complete.py. contrib/completions
holds the same texts for packagers; a test compares them.

Never: know what can be completed.
"""

from __future__ import annotations

from paso.cli.arguments import Argument, Command
from paso.cli.output import write
from paso.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from paso.cli.arguments import Arguments
    from paso.cli.context import Context

BASH = r"""# Completion of paso for bash.
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
"""

ZSH = r"""#compdef paso
# Completion of paso for zsh.
#   source <(paso completion zsh)        or, as _paso, in a folder of fpath
_paso() {
    local line value about
    local -a plain open
    while IFS= read -r line; do
        if [[ $line == ':files' ]]; then
            _files
            return
        fi
        value=${line%%$'\t'*}
        about=${line#*$'\t'}
        if [[ $value == *[=:,] ]]; then
            open+=("${value//:/\\:}:$about")
        else
            plain+=("${value//:/\\:}:$about")
        fi
    done < <(paso __complete zsh "${(j: :)${(@q)words[1,CURRENT]}}" 2>/dev/null)
    (( $#plain )) && _describe -V paso plain
    (( $#open )) && _describe -V filter open -S ''
    return 0
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
    _paso "$@"
else
    compdef _paso paso
fi
"""

FISH = r"""# Completion of paso for fish.
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
"""

SCRIPTS = {"bash": BASH, "zsh": ZSH, "fish": FISH}


def run(context: Context, found: Arguments) -> int:
    """Print the script of a shell."""
    shell = found.word("SHELL")
    if shell not in SCRIPTS:
        raise UsageError(
            f"there is no completion for {shell!r}", candidates=tuple(SCRIPTS)
        )
    if context.out.json:
        context.out.document({"shell": shell, "script": SCRIPTS[shell]})
    else:
        write(SCRIPTS[shell])
    return 0


COMMANDS = (
    Command(
        "completion",
        run,
        "Print the completion script of a shell.",
        (Argument("SHELL", "bash, zsh or fish", complete="bash|zsh|fish"),),
        examples=(
            "source <(paso completion bash)         # ~/.bashrc",
            "source <(paso completion zsh)          # ~/.zshrc, after compinit",
            "paso completion fish | source          # ~/.config/fish/config.fish",
        ),
    ),
)
