"""Encoding beside sentence-transformers: on a CPU, and on a GPU where there is one.

What runs on a GPU needs numpy, pyarrow, torch, transformers, tokenizers, safetensors.
"""
