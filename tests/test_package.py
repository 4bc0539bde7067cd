"""What the package promises about itself."""

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_import_is_light() -> None:
    code = (
        "import sys, stancewire; stancewire.__version__;"
        "heavy = {'torch', 'transformers', 'onnxruntime', 'numpy'} & set(sys.modules);"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_tagging_needs_nothing_of_training() -> None:
    code = (
        "import sys; sys.modules['torch'] = sys.modules['transformers'] = None;"
        "from stancewire import predict; predict('Oslo blamed Moscow for the fire.')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_runtime_imports_neither_torch_nor_training() -> None:
    for path in (ROOT / "inference").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = (
                [alias.name for alias in node.names]
                if isinstance(node, ast.Import)
                else [node.module or ""]
                if isinstance(node, ast.ImportFrom)
                else []
            )
            heavy = {"torch", "transformers", "datasets", "evaluate", "accelerate"}
            assert not [n for n in names if n.split(".")[0] in heavy], path
            # the command line alone may start training, and only when it is asked to
            if not path.name.startswith("cli"):
                assert "training" not in " ".join(names), path
