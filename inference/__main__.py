"""`python -m stancewire` is the `stancewire` command."""

from .cli import main

main(prog_name="stancewire")
