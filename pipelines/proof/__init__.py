"""Proving a finished run from its files alone: what `isinglass verify` does."""

from __future__ import annotations

from isinglass.pipelines.proof.check import Check as Check
from isinglass.pipelines.proof.prove import prove as prove
