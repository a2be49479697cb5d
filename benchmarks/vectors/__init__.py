"""How fast a Parquet file becomes vectors here, beside `sentence-transformers`.

    python -m benchmarks.vectors FILE.parquet --model minilm

From the top of a checkout. It needs numpy, pyarrow, torch, transformers, tokenizers and
safetensors, and takes what else it finds.
"""
