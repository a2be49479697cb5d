"""Reading: shards of input files -> batches of checked documents."""

from __future__ import annotations

from isinglass.transforms.read.documents import read_shard as read_shard
