"""Settings are in pyproject.toml; this makes a wheel of the same sources the same file, always."""

import os
import shutil
from pathlib import Path
from typing import Any

from setuptools import setup
from setuptools.command.bdist_wheel import bdist_wheel
from setuptools.command.build_py import build_py

# The date of everything in the wheel: https://reproducible-builds.org/docs/source-date-epoch/
os.environ.setdefault("SOURCE_DATE_EPOCH", "1767225600")


class Build(build_py):
    """Begins without what an earlier build left, which would get into the wheel too."""

    def run(self) -> None:
        if not self.editable_mode:
            shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()


class Wheel(bdist_wheel):
    """Gives files the same mode, whatever mask they were checked out with."""

    def write_wheelfile(self, *given: Any, **more: Any) -> None:
        super().write_wheelfile(*given, **more)  # the last file of those that are packed then
        for path in Path(self.bdist_dir).rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)


setup(cmdclass={"build_py": Build, "bdist_wheel": Wheel})
