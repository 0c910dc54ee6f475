"""Ranks rows for queries by bm25s (Lucene's variant, k1 1.2, b 0.75, English stop words and Snowball stemmer). JSON in, JSON out."""

import json
import sys

import bm25s
import Stemmer

data = json.load(sys.stdin)
stemmer = Stemmer.Stemmer("english")
index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
index.index(bm25s.tokenize(data["texts"], stopwords="en", stemmer=stemmer, show_progress=False), show_progress=False)
depth = min(100, len(data["texts"]))
tokens = bm25s.tokenize(data["queries"], stopwords="en", stemmer=stemmer, show_progress=False)
found, _ = index.retrieve(tokens, k=depth, show_progress=False)
json.dump([[int(at) for at in row] for row in found], sys.stdout)
