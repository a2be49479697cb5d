"""Token ids and embeddings: tokenizer, packing, forward pass, Arrow columns.

Imports without torch, transformers, tokenizers and safetensors, which are the extra
`encode`; the functions that need one raise `MissingExtraError` where it is missing.
"""
