"""`stancewire models`."""

from __future__ import annotations

import click

from .messages import say


@click.group()
def models() -> None:
    """The models that are kept, and which of them tags."""


@models.command("list")
def list_models() -> None:
    """List the models that are kept; * marks the one in use."""
    from .models import current, versions
    from .tagger import ModelError, read_config

    found = versions()
    for version in found:
        data = version.about.get("data", {})
        click.echo(
            f"{'*' if version.in_use else ' '} {version.name:24} "
            f"{data.get('sentences_learned', '?'):>7} sentences of "
            f"{', '.join(data.get('files', ['?']))}  {version.folder}"
        )
        try:
            read_config(version.folder)
        except ModelError as error:
            say(f"cannot be used: {error}")
    if not any(version.in_use for version in found):
        current()  # says which one has gone


@models.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False))
@click.argument("name")
def keep(folder: str, name: str) -> None:
    """Keep a copy of a model FOLDER, such as a run's model/, as NAME; `use` then tags with it."""
    from . import models as store

    click.echo(f"kept: {name} ({store.keep(folder, name)})")


@models.command()
@click.argument("name")
def use(name: str) -> None:
    """Tag with the model NAME from now on; "shipped" is the package's own."""
    from . import models as store

    click.echo(f"in use: {name} ({store.use(name)})")


@models.command()
def rollback() -> None:
    """Go back to the model that was in use before."""
    from . import models as store

    click.echo(f"in use: {store.rollback()}")


@models.command()
@click.argument("name")
def remove(name: str) -> None:
    """Delete the model NAME, which is kept and not in use."""
    from . import models as store

    click.echo(f"removed: {name} ({store.remove(name)})")
