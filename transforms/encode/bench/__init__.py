"""How fast a Parquet file becomes vectors here, beside `sentence-transformers`.

    python -m isinglass.transforms.encode.bench FILE.parquet --model minilm

A program, not a transform: it reads clocks and the command line, which nothing else in
this layer does. It needs numpy, pyarrow, torch, transformers, tokenizers and
safetensors, and takes what else it finds.
"""
