"""python3 -m unittest: the parsing needs nothing but the standard library."""

import random
import unittest
from collections import Counter

from make_pairs import heading_query, make_group, passages_of, sections_of

MARKDOWN = """---
title: Eviction
---
# Eviction

Pods are evicted when a lease runs out. The controller waits for an hour before it acts. Nodes report their state every ten seconds to the server. A lost report alone evicts nothing at all.

## Motivation

Nodes that vanish must not keep their pods for ever, since nobody would notice.

```sh
# not a heading
kubectl drain
```

## References

Nothing to learn from.
"""
RST = """Title: Bytes literals

Abstract
========

This text proposes a literal syntax for ``bytes`` objects :pep:`358`.

Details
-------

Existing spellings::

    bytes('Hello world', 'ascii')
"""


class Sections(unittest.TestCase):
    def test_markdown(self) -> None:
        sections = sections_of("a.md", MARKDOWN)
        self.assertEqual([(s.title, s.path) for s in sections], [("Eviction", []), ("Eviction", ["Motivation"])])
        self.assertEqual([kind for kind, _ in sections[1].blocks], ["text", "code"])
        self.assertIn("# not a heading", sections[1].blocks[1][1])

    def test_restructured_text(self) -> None:
        sections = sections_of("a.rst", RST)
        self.assertEqual([s.path for s in sections], [[], ["Abstract"], ["Abstract", "Details"]])
        self.assertEqual(sections[1].blocks[0][1], "This text proposes a literal syntax for bytes objects 358.")
        self.assertEqual(sections[2].blocks[-1][0], "code")

    def test_passages_are_short_and_lose_nothing(self) -> None:
        section = sections_of("a.md", MARKDOWN)[0]
        passages = passages_of(section, 0, 10)
        self.assertGreater(len(passages), 1)
        self.assertTrue(all(len(p.text.split()) <= 11 for p in passages))


class Queries(unittest.TestCase):
    def test_a_shared_heading_is_asked_with_its_document(self) -> None:
        passage = passages_of(sections_of("a.md", MARKDOWN)[1], 1, 75)[0]
        query = heading_query(passage, Counter({"motivation": 9}), random.Random(1)) or ""
        self.assertIn("Eviction", query)

    def test_a_sentence_is_taken_out_of_its_passage(self) -> None:
        passage = passages_of(sections_of("a.md", MARKDOWN)[0], 0, 75)[0]
        seen = 0
        for seed in range(200):
            made = make_group(passage, Counter(), random.Random(seed))
            if made and made[0] == "sentence" and made[1] in passage.text:
                seen += made[1] not in made[2]
        self.assertGreater(seen, 20)


if __name__ == "__main__":
    unittest.main()
