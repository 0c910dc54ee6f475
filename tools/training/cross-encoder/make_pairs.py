"""Makes training groups for the cross-encoder out of documentation: a query, a passage that answers it, passages that only look so.

Usage: python make_pairs.py --corpora ../../../../shared/data/corpora --out pairs.jsonl [--queries 20000]

Queries come from the documents themselves (heading → section, sentence → the passage it was taken out of, the words before a
code block → the block); hard negatives are the best passages of BM25 that are not of the same section (for sentences: of the
same document). Reads nothing but the corpora: no evaluation set, no question of anybody's.
"""

import argparse
import hashlib
import json
import random
import re
import tarfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

SKIPPED = {"references", "copyright", "table of contents", "footnotes", "acknowledgements", "acknowledgments", "copyright waiver", "implementation history"}
SKIPPED_TITLES = {"summary", "abstract", "table of contents", "motivation", "introduction", "overview"}
TEMPLATES = [
    "{0}", "{0}", "{0}", "What is {0}?", "How does {0} work?", "Explain {0}", "How is {0} handled?", "What about {0}?",
    "What does the document say about {0}?", "Why {0}?", "How do I use {0}?",
]


@dataclass
class Section:
    document: str
    title: str
    path: list[str]
    blocks: list[tuple[str, str]]
    """("text" | "code", its text)"""


@dataclass
class Passage:
    document: str
    section: int
    title: str
    path: list[str]
    text: str


def read_documents(folder: Path) -> list[tuple[str, str]]:
    documents = []
    for archive in sorted(folder.glob("*.tar.xz")):
        with tarfile.open(archive) as tar:
            for member in sorted(tar.getmembers(), key=lambda m: m.name):
                if member.isfile() and member.name.endswith((".md", ".rst")) and (file := tar.extractfile(member)):
                    documents.append((member.name, file.read().decode("utf-8", "replace")))
    return documents


def clean(text: str) -> str:
    text = re.sub(r"<!--.*?-->", " ", text, flags=re.S)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    text = re.sub(r":[a-z-]+:`([^`<]*)[^`]*`", r"\1", text)
    text = re.sub(r"`+([^`]*)`+_*", r"\1", text)
    return re.sub(r"\s+", " ", re.sub(r"[*_]{2,}|\[\d+\]_?", "", text)).strip()


def sections_of(name: str, raw: str) -> list[Section]:
    """Headings of Markdown (#) and reStructuredText (underlined), blocks between blank lines, fenced and indented code."""
    title = ""
    if found := re.search(r"^(?:Title|title):\s*(.+)$", raw[:3000], flags=re.M):
        title = clean(found[1])
    raw = re.sub(r"\A---\n.*?\n---\n", "", raw, flags=re.S)
    lines = re.sub(r"<!-- toc -->.*?<!-- /toc -->", "", raw, flags=re.S).split("\n")
    rst = name.endswith(".rst")
    sections: list[Section] = []
    path: list[tuple[int, str]] = []
    marks: list[str] = []
    block: list[str] = []
    current = Section(name, title, [], [])

    def close() -> None:
        nonlocal block
        text = "\n".join(block)
        if text.strip():
            code = rst and all(line.startswith(("   ", "\t")) or not line.strip() for line in block) and not text.lstrip().startswith(("-", "*"))
            current.blocks.append(("code" if code else "text", text if code else clean(text)))
        block = []

    def open_section(level: int, heading: str) -> None:
        nonlocal current, title
        close()
        if current.blocks:
            sections.append(current)
        heading = clean(heading).strip("# ").strip()
        if not title:
            # Many a document opens with "Summary": its file's name says more.
            title = re.sub(r"^[\d-]+", "", Path(name).stem).replace("-", " ") if heading.lower() in SKIPPED_TITLES else heading
        while path and path[-1][0] >= level:
            path.pop()
        path.append((level, heading))
        current = Section(name, title, [h for _, h in path if h != title], [])

    at = 0
    while at < len(lines):
        line = lines[at]
        fence = re.match(r"\s*(```+|~~~+)", line)
        if not rst and fence:
            close()
            at += 1
            code = []
            while at < len(lines) and not lines[at].strip().startswith(fence[1]):
                code.append(lines[at])
                at += 1
            if code:
                current.blocks.append(("code", "\n".join(code)))
        elif not rst and (heading := re.match(r"(#{1,6})\s+(.+)", line)):
            open_section(len(heading[1]), heading[2])
        elif rst and line.strip() and at + 1 < len(lines) and re.fullmatch(r"([=\-~^'\"#*+.`])\1{2,}\s*", lines[at + 1]) and not block:
            mark = lines[at + 1][0]
            if mark not in marks:
                marks.append(mark)
            open_section(marks.index(mark), line)
            at += 1
        elif not line.strip():
            close()
        elif not (rst and line.startswith("..")):
            block.append(line)
        at += 1
    close()
    if current.blocks:
        sections.append(current)
    return [s for s in sections if not (s.path and s.path[-1].lower().strip(":") in SKIPPED)]


def sentences_of(text: str) -> list[str]:
    return [s.strip() for s in re.split(r"(?<=[.!?])\s+(?=[A-Z`\"(])", text) if s.strip()]


def passages_of(section: Section, index: int, words: int) -> list[Passage]:
    """Blocks joined up to so many words; a longer block is cut between sentences or lines."""
    pieces: list[str] = []
    for kind, text in section.blocks:
        parts = text.split("\n") if kind == "code" else sentences_of(text)
        joint = "\n" if kind == "code" else " "
        piece = ""
        for part in parts:
            if piece and len((piece + part).split()) > words:
                pieces.append(piece)
                piece = ""
            piece = piece + joint + part if piece else part
        if piece:
            pieces.append(piece)
    merged: list[str] = []
    for piece in pieces:
        if merged and len((merged[-1] + " " + piece).split()) <= words:
            merged[-1] += "\n" + piece
        else:
            merged.append(piece)
    return [Passage(section.document, index, section.title, section.path, text) for text in merged if len(text.split()) >= 8]


def heading_query(passage: Passage, documents_with: Counter[str], rng: random.Random) -> str | None:
    if not passage.path:
        return passage.title if len(passage.title.split()) > 2 else None
    heading = passage.path[-1].strip(":").strip()
    if not re.search(r"[A-Za-z]{3}", heading):
        return None
    # What several documents call a section ("Motivation") names nothing without its document.
    if documents_with[heading.lower()] > 2 or len(heading.split()) < 2:
        return rng.choice(["{0}: {1}", "{0} of {1}", "{1} {0}", "What is the {0} of {1}?"]).format(heading.lower(), passage.title)
    query = heading if rng.random() < 0.6 else f"{heading} {passage.title}"
    return query if query.endswith("?") else rng.choice(TEMPLATES).format(query)


def keywords(sentence: str, rng: random.Random) -> str:
    kept = [w for w in sentence.split() if len(w) > 3 and rng.random() < 0.6]
    return " ".join(kept) if len(kept) >= 4 else sentence


def make_group(passage: Passage, documents_with: Counter[str], rng: random.Random) -> tuple[str, str, str] | None:
    """(kind, query, text of the passage without what the query was taken from)"""
    draw = rng.random()
    if draw < 0.45:
        query = heading_query(passage, documents_with, rng)
        return ("heading", query, passage.text) if query else None
    if draw < 0.55 and "\n" in passage.text:
        first, _, rest = passage.text.partition("\n")
        if 5 <= len(first.split()) <= 40 and re.search(r"[{}();=]", rest) and len(rest.split()) >= 8:
            return "code", first.rstrip(":"), rest
        return None
    sentences = [s for s in sentences_of(passage.text.replace("\n", " ")) if 6 <= len(s.split()) <= 30 and re.search(r"[a-z]{4}", s)]
    if not sentences:
        return None
    sentence = rng.choice(sentences)
    text = passage.text if rng.random() < 0.1 else passage.text.replace("\n", " ").replace(sentence, " ")
    if len(text.split()) < 12:
        return None
    return "sentence", keywords(sentence, rng) if rng.random() < 0.35 else sentence, text


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--queries", type=int, default=20_000)
    parser.add_argument("--words", type=int, default=75)
    parser.add_argument("--negatives", type=int, default=7)
    options = parser.parse_args()
    rng = random.Random(1)

    sections = [s for name, raw in read_documents(options.corpora) for s in sections_of(name, raw)]
    passages = [p for index, section in enumerate(sections) for p in passages_of(section, index, options.words)]
    documents_with = Counter(heading for _, heading in {(s.document, s.path[-1].strip(":").strip().lower()) for s in sections if s.path})
    first_of: dict[int, int] = {}
    for at, passage in enumerate(passages):
        first_of.setdefault(passage.section, at)
    print(f"{len(sections)} sections, {len(passages)} passages", flush=True)

    # bm25s needs its index only here, so that the parsing above can be tested without it.
    import bm25s

    index = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    index.index(bm25s.tokenize([" ".join([p.title, *p.path, p.text]) for p in passages], stopwords="en", show_progress=False), show_progress=False)

    groups = []
    order = list(range(len(passages)))
    rng.shuffle(order)
    for at in order:
        if len(groups) >= options.queries:
            break
        made = make_group(passages[at], documents_with, rng)
        if made is None:
            continue
        kind, query, text = made
        if kind == "heading":
            at = first_of[passages[at].section]
            text = passages[at].text
        groups.append((at, kind, query, text))
    with options.out.open("w") as out:
        for start in range(0, len(groups), 500):
            batch = groups[start : start + 500]
            tokens = bm25s.tokenize([query for _, _, query, _ in batch], stopwords="en", show_progress=False)
            found, _ = index.retrieve(tokens, k=60, show_progress=False)
            for (at, kind, query, text), ranked in zip(batch, found, strict=True):
                positive = passages[at]
                wrong = [
                    p for p in (passages[int(i)] for i in ranked)
                    if p.section != positive.section and p.text != positive.text and (kind == "heading" or p.document != positive.document)
                ]
                near, far = wrong[:12], wrong[12:]
                chosen = rng.sample(near, min(len(near), options.negatives - 2))
                chosen += rng.sample(far, min(len(far), options.negatives - len(chosen)))
                if len(chosen) < 3:
                    continue
                # One document in fifty is kept for validation, whole.
                validation = int(hashlib.sha256(positive.document.encode()).hexdigest(), 16) % 50 == 0
                row = {
                    "kind": kind, "split": "validation" if validation else "train", "query": query,
                    "positive": {"title": positive.title, "path": positive.path, "text": text},
                    "negatives": [{"title": p.title, "path": p.path, "text": p.text} for p in chosen],
                }
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
    print(f"{len(groups)} groups", flush=True)


if __name__ == "__main__":
    main()
