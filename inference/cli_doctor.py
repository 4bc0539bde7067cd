"""`stancewire doctor` and `stancewire completion`."""

from __future__ import annotations

import click


@click.command()
def doctor() -> None:
    """See whether stancewire works here; exit status 1 where it does not."""
    from .doctor import examine

    wrong = 0
    for name, found, well in examine():
        click.echo(f"{'ok ' if well else 'NO '} {name}: {found}")
        wrong += not well
    if wrong:
        raise click.exceptions.Exit(1)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the completion of commands and options for a shell.

    In bash: eval "$(stancewire completion bash)".
    """
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None  # one of the three above
    root = context.find_root().command
    click.echo(kind(root, {}, "stancewire", "_STANCEWIRE_COMPLETE").source())
