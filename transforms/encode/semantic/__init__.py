"""Clusters of vectors and what follows from them: a report and columns, no filter.

Vectors are rows of unit length unless a function says otherwise, so that a dot product
is a cosine. Nothing here depends on chance: a seed and the documents' ids decide, and
neither the order of shards nor the number of workers does. One limit: a product of
matrices may round its last bit otherwise in a block of another size, so that a document
exactly between two centroids can go to the other one on another kind of processor.

    sample -> kmeans.fit -> kmeans.assign     each document has a cluster
    split                                     large clusters in parts
    duplicates, outliers, recall              pairs inside a part, and what that misses
    medoids, terms, shares, layout            what a cluster is, for the report
"""
