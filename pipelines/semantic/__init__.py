"""Clusters of the vectors: fitted on a sample, one pass to assign, one to compare.

    fit         (driver)  a sample of the vectors -> centroids
    assign      (pass)    vectors of a shard -> cluster of each document
    neighbours  (pass)    a bucket of clusters -> near-duplicates, outlier scores
    recall      (driver)  sampled documents against all: what the clusters hide
    table       (pass)    `clusters/` and the words of a shard's documents

Nothing is removed for what is seen here. Memory is bounded by a shard, a bucket and the
sample.
"""
