"""`python -m workbench.tracking`: make the tracking store ready and print its URI."""

from workbench.tracking import ensure_store

print(ensure_store())
