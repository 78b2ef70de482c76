"""Scripts that let a shell complete the words of ``pain-generator``; they are made from the parser itself."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Any

SHELLS = ("bash", "zsh", "fish")
PROGRAM = "pain-generator"


def completion_script(shell: str, parser: argparse.ArgumentParser) -> str:
    """The script for a shell.

    Parameters
    ----------
    shell : str
        One of :data:`SHELLS`.
    parser : ArgumentParser
        Of ``pain-generator``.
    """
    return {"bash": _bash, "zsh": _zsh, "fish": _fish}[shell](parser)


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands and their parsers."""
    found = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return dict(next(found).choices)


def _helps(parser: argparse.ArgumentParser) -> dict[str, str]:
    found = (action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    return {choice.dest: choice.help or "" for choice in next(found)._choices_actions}


def _options(parser: argparse.ArgumentParser) -> Iterator[tuple[str, Any]]:
    """Name and action of every option."""
    for action in parser._actions:
        for name in action.option_strings:
            yield name, action


def _positional_choices(parser: argparse.ArgumentParser) -> list[str]:
    return [str(c) for action in parser._actions if not action.option_strings for c in action.choices or ()]


def _choices(action: Any) -> str:
    return " ".join(map(str, action.choices))


def _takes_value(action: Any) -> bool:
    return action.nargs != 0


def _bash(parser: argparse.ArgumentParser) -> str:
    commands = commands_of(parser)
    top = [name for name, _ in _options(parser)]
    cases = []
    for command, own in commands.items():
        names = " ".join(name for name, _ in _options(own))
        words = " ".join(_positional_choices(own))
        choices = "".join(
            f'            {name}) COMPREPLY=($(compgen -W "{_choices(action)}" -- "$word")); return;;\n'
            for name, action in _options(own)
            if action.choices
        )
        free = "|".join(name for name, action in _options(own) if _takes_value(action) and not action.choices)
        files = f"            {free}) COMPREPLY=(); return;;\n" if free else ""
        cases.append(
            f"    {command})\n        case $before in\n{choices}{files}        esac\n"
            f'        options="{names}"; words="{words}";;\n'
        )
    return (
        f"# Completion of {PROGRAM} for bash. Load it with: source <({PROGRAM} completion bash)\n"
        "_pain_generator() {\n"
        "    local word before command options words i\n"
        "    word=${COMP_WORDS[COMP_CWORD]}; before=${COMP_WORDS[COMP_CWORD-1]}; command=''\n"
        "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
        f"        case ${{COMP_WORDS[i]}} in {'|'.join(commands)}) command=${{COMP_WORDS[i]}}; break;; esac\n"
        "    done\n"
        "    case $command in\n"
        f'    "") options="{" ".join(top)}"; words="{" ".join(commands)}";;\n' + "".join(cases) + "    esac\n"
        '    if [[ $word == -* ]]; then COMPREPLY=($(compgen -W "$options" -- "$word"))\n'
        '    elif [[ -n $words ]]; then COMPREPLY=($(compgen -W "$words" -- "$word")); fi\n'
        "}\n"
        f"complete -o default -F _pain_generator {PROGRAM}\n"
    )


def _quoted(text: str) -> str:
    """A text in single quotes, as all three shells read them."""
    return "'" + text.replace("%%", "%").replace("\\", "\\\\").replace("'", "'\\''") + "'"


def _zsh(parser: argparse.ArgumentParser) -> str:
    helps = _helps(parser)
    commands = commands_of(parser)
    listed = " ".join(_quoted(f"{name}:{helps.get(name, '')}") for name in commands)
    cases = []
    for command, own in commands.items():
        specs = [_zsh_option(name, action) for name, action in _options(own)]
        words = _positional_choices(own)
        specs.append(f"'1:word:({' '.join(words)})'" if words else "'*:file:_files'")
        cases.append(f"        {command}) _arguments {' '.join(specs)};;\n")
    top = " ".join(_zsh_option(name, action) for name, action in _options(parser))
    return (
        f"#compdef {PROGRAM}\n"
        f"# Completion of {PROGRAM} for zsh. Put it into a folder of $fpath as _{PROGRAM}.\n"
        "_pain_generator() {\n"
        "    local state line\n"
        f"    _arguments -C {top} '1: :->command' '*:: :->rest'\n"
        "    case $state in\n"
        f"    command) local -a commands; commands=({listed}); _describe command commands;;\n"
        "    rest)\n        case $line[1] in\n" + "".join(cases) + "        esac;;\n"
        "    esac\n"
        "}\n"
        f"compdef _pain_generator {PROGRAM}\n"
    )


def _zsh_option(name: str, action: Any) -> str:
    text = (action.help or "").replace("[", "(").replace("]", ")").replace(":", " -")
    end = ""
    if _takes_value(action):
        end = f":value:({_choices(action)})" if action.choices else ":value:_files"
    many = "*" if isinstance(action, argparse._AppendAction) else ""
    return _quoted(f"{many}{name}[{text}]{end}")


def _fish(parser: argparse.ArgumentParser) -> str:
    helps = _helps(parser)
    commands = commands_of(parser)
    lines = [
        f"# Completion of {PROGRAM} for fish. Load it with: {PROGRAM} completion fish | source",
        f"set -l commands {' '.join(commands)}",
    ]
    begin = f"complete -c {PROGRAM}"
    for name, action in _options(parser):
        lines.append(f'{begin} -n "not __fish_seen_subcommand_from $commands" {_fish_option(name, action)}')
    for command, own in commands.items():
        unseen = '-n "not __fish_seen_subcommand_from $commands"'
        lines.append(f"{begin} -f {unseen} -a {command} -d {_quoted(helps.get(command, ''))}")
        seen = f'-n "__fish_seen_subcommand_from {command}"'
        lines += [f"{begin} {seen} {_fish_option(name, action)}" for name, action in _options(own)]
        words = _positional_choices(own)
        if words:
            lines.append(f'{begin} -f {seen} -a "{" ".join(words)}"')
    return "\n".join(lines) + "\n"


def _fish_option(name: str, action: Any) -> str:
    flag = f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"
    if _takes_value(action):
        flag += f' -x -a "{_choices(action)}"' if action.choices else " -r"
    return f"{flag} -d {_quoted(action.help or '')}"
