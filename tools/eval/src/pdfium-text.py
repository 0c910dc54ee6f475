"""Prints pdfium's text of every page of the named PDFs: one JSON object a line, {"path", "pages"} or {"path", "error"}.

Needs pypdfium2: pdfium.ts makes an environment with it.
"""

import json
import sys

import pypdfium2

for path in sys.argv[1:]:
    try:
        document = pypdfium2.PdfDocument(path)
        pages = [page.get_textpage().get_text_bounded() for page in document]
        print(json.dumps({"path": path, "pages": pages}))
    except pypdfium2.PdfiumError as error:
        print(json.dumps({"path": path, "error": str(error)}))
