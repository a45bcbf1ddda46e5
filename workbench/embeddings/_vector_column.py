"""A parquet file's copy with a column of vectors, written a row group at a time."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from workbench._arrays import FloatArray
from workbench._progress import Progress
from workbench.embeddings._parquet import BLOCK, TextTable, is_text
from workbench.embeddings._parts import Parts
from workbench.errors import WorkbenchError
from workbench.models import ModelSpec

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["METADATA", "write_with_vectors"]

METADATA = b"workbench.embeddings"  # of the schema: column -> what made it, as JSON
_GROUP_BYTES = 32 << 20


def write_with_vectors(
    target: Path, source: TextTable, parts: Parts, column: str, spec: ModelSpec, report: Progress
) -> None:
    """Write all rows of a table, in order, with the vectors that were kept of its blocks.

    Parameters
    ----------
    target
        The file to write.
    source
        The table; its columns keep their types.
    parts
        The vectors by block.
    column
        The name of their column, a list of float32; null where there is no text.
    spec
        What made them; it is put into the metadata of the schema.
    report
        Told of the rows written.
    """
    from pyarrow import parquet

    schema = _schema(source.schema, column, spec)
    done = 0
    report(done, source.rows)
    with target.open("wb") as file:
        with parquet.ParquetWriter(file, schema) as writer:
            for group in _row_groups(_blocks(source, parts, schema)):
                writer.write_table(group, row_group_size=group.num_rows)
                done += group.num_rows
                report(done, source.rows)
        # The parts are deleted next: the target must be on the disk by then, not on its way.
        file.flush()
        os.fsync(file.fileno())


def _schema(schema: pa.Schema, column: str, spec: ModelSpec) -> pa.Schema:
    """Return a table's schema with the column, and in its metadata what made the column."""
    import pyarrow as pa

    metadata = dict(schema.metadata or {})
    try:  # of a file that has such a column of another model
        made = dict(json.loads(metadata.get(METADATA, b"{}")))
    except (ValueError, TypeError):
        made = {}
    made[column] = spec.summary()
    metadata[METADATA] = json.dumps(made).encode()
    return schema.append(pa.field(column, pa.list_(pa.float32()))).with_metadata(metadata)


def _blocks(source: TextTable, parts: Parts, schema: pa.Schema) -> Iterator[pa.Table]:
    """Yield the blocks of a table with their vectors."""
    for number, block in enumerate(source.blocks()):
        mask = [is_text(text) for text in source.texts_in(block)]
        kept = parts.read(number) if any(mask) else (np.empty((0, 0), np.float32), None)
        if kept is None or len(kept[0]) != sum(mask):
            source.check_unchanged()
            raise WorkbenchError(
                f"What was encoded from row {number * BLOCK + 1} on is gone from "
                f"{str(parts.folder)!r}. Run the same again: it encodes what is missing."
            )
        column = _lists(kept[0], mask)
        yield block.append_column(schema.field(-1), column).replace_schema_metadata(schema.metadata)


def _lists(vectors: FloatArray, mask: Sequence[bool]) -> pa.Array:
    """Return vectors (m, d) as lists at the m rows of a mask, and nulls at the others."""
    import pyarrow as pa

    lengths = np.where(mask, vectors.shape[1], 0)
    ends = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    values = pa.array(vectors.reshape(-1), type=pa.float32())
    return pa.ListArray.from_arrays(pa.array(ends), values, mask=pa.array(~np.array(mask)))


def _row_groups(blocks: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """Yield tables of some megabytes: small enough to hold, large enough to read well."""
    import pyarrow as pa

    held: list[pa.Table] = []
    size = 0
    for block in blocks:
        held.append(block)
        size += block.nbytes
        if size >= _GROUP_BYTES:
            yield pa.concat_tables(held)
            held, size = [], 0
    if held:
        yield pa.concat_tables(held)
