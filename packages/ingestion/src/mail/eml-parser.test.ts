import type { ParsedDocument } from "@footnote/core";
import { describe, expect, it } from "vitest";
import { outline, utf8 } from "../testing/outline.ts";
import { createEmlParser } from "./eml-parser.ts";

const parse = (text: string): Promise<ParsedDocument> => createEmlParser().parse({ bytes: utf8(text.replaceAll("\n", "\r\n")) });

describe("createEmlParser", () => {
  it("reads the subject, the people, the date and a text body in its encoding", async () => {
    const document = await parse(
      "From: =?utf-8?q?J=C3=B6rg?= <j@a.b>\nTo: b@c.d, Team: e@f.g;\nCc: Eve <e@x.y>\nSubject: =?iso-8859-1?q?Gr=FC=DFe?=\nDate: Mon, 2 Mar 2026 10:00:00 +0100\nContent-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable\n\nSch=F6n.\n\n> quoted\n> more\n",
    );
    expect(document.title).toBe("Grüße");
    expect(outline(document)).toEqual([
      "heading1: Grüße",
      "paragraph: From: Jörg <j@a.b>",
      "paragraph: To: b@c.d, Team: e@f.g",
      "paragraph: Cc: Eve <e@x.y>",
      "paragraph: Date: 2026-03-02T09:00:00.000Z",
      "paragraph: Schön.",
      "quote: quoted\nmore",
    ]);
  });

  it("reads the HTML body where there is no text, and counts attachments", async () => {
    const document = await parse(
      'From: a@b.c\nSubject: S\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: text/html\n\n<p>Hello <b>you</b></p><script>evil()</script>\n--x\nContent-Type: application/pdf\nContent-Disposition: attachment; filename="a.pdf"\n\nabc\n--x--\n',
    );
    expect(outline(document).at(-1)).toBe("paragraph: Hello you");
    expect(document.warnings).toEqual(["1 attachment was not read; upload attachments as documents of their own."]);
  });

  it("refuses hostile nesting with its reason", async () => {
    const nested = Array.from({ length: 60 }, (_, depth) => `Content-Type: multipart/mixed; boundary=b${depth}\n\n--b${depth}\n`).join("");
    await expect(parse(`From: a@b.c\n${nested}text`)).rejects.toMatchObject({ code: "document_corrupt" });
  });
});
