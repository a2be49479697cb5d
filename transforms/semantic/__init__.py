"""Clusters of vectors and what follows from them: a report and columns, no filter.

Vectors are rows of unit length unless a function says otherwise, so that a dot product
is a cosine. Nothing here depends on chance: a seed and the documents' ids decide, and
neither the order of shards nor the number of workers does. Matrix
products round their last bits as the processor and the size of a block please: what is
decided by them is decided again in float64 where it is close, so that equal vectors
give equal clusters, duplicates and recall everywhere. `duplicates` and `layout` say
what they leave open.

    kmeans                          each document has a cluster; large ones in parts
    duplicates                      pairs and outliers in a part, and what that misses
    assigned, terms, layout         what a cluster is, for the report
"""
