"""The `stancewire` command."""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from .cli_doctor import completion, doctor
from .cli_export import export
from .cli_labels import labels, suggest
from .cli_models import models
from .cli_report import report, show
from .cli_seeds import seeds
from .cli_serve import serve
from .cli_tag import tag
from .cli_train import evaluate, train
from .messages import fail


class _Commands(click.Group):
    """Commands whose known errors are one sentence and exit status 2, never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # whoever read our output has seen enough (`| head`)
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(0)
        except ValueError as error:
            # LabelError, ModelError, BaseError, TrainingError: all are ValueErrors with a
            # message for the user; another ValueError is a bug and shows itself as one.
            if type(error).__module__.startswith("stancewire."):
                fail(str(error))
            raise
        except OSError as error:
            if error.filename is None and error.errno is None:
                raise
            named = f"{error.filename}: " if error.filename is not None else ""
            fail(f"{named}{error.strerror or error}")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="stancewire")
def main() -> None:
    """Who accuses whom of what, who denies what, who warns whom."""


for command in (
    tag, serve, show, report, suggest, labels, train, evaluate, export, models, seeds, doctor,
    completion,
):  # fmt: skip
    main.add_command(command)
