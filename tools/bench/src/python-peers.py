"""Queries per second of bm25s and hnswlib over the texts of a JSON file; vectors are random."""

import json
import sys
import time

import bm25s
import hnswlib
import numpy

with open(sys.argv[1], encoding="utf8") as file:
    data = json.load(file)
index = bm25s.BM25(method="lucene")
index.index(bm25s.tokenize(data["texts"], stopwords="en", show_progress=False), show_progress=False)
random = numpy.random.default_rng(1)
vectors = random.standard_normal((len(data["texts"]), data["dimensions"])).astype("float32")
graph = hnswlib.Index(space="cosine", dim=data["dimensions"])
graph.init_index(max_elements=len(vectors), ef_construction=200, M=16)
graph.add_items(vectors, num_threads=2)
graph.set_ef(100)


def rate(run, count):
    began = time.perf_counter()
    done = 0
    while time.perf_counter() - began < data["seconds"]:
        run(done % count)
        done += 1
    return done / (time.perf_counter() - began)


tokens = [bm25s.tokenize(query, stopwords="en", show_progress=False) for query in data["queries"]]
lexical = rate(lambda i: index.retrieve(tokens[i], k=10, show_progress=False, n_threads=0), len(tokens))
dense = rate(lambda i: graph.knn_query(vectors[i : i + 1], k=10, num_threads=1), len(vectors))
print(f"beside them, in memory and in one process: bm25s {lexical:.0f}/s, hnswlib {dense:.0f}/s")
