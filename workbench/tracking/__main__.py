"""`python -m workbench.tracking`: make the tracking store ready and print its URI."""

import sys

from workbench.errors import WorkbenchError
from workbench.tracking import ensure_store

try:
    print(ensure_store())
except WorkbenchError as error:
    sys.exit(f"workbench: {error}")
