import { FootnoteError, throwIfAborted } from "@footnote/core";
import type { Parser } from "@footnote/core";
import PostalMime from "postal-mime";
import type { Address, Email } from "postal-mime";
import { createDocumentBuilder } from "../document-builder.ts";
import type { DocumentBuilder } from "../document-builder.ts";
import { appendHtmlFragment } from "../html/append-html.ts";
import { parseLimits } from "../parse-limits.ts";
import type { ParseLimits } from "../parse-limits.ts";
import { splitParagraphs } from "../text/text-parser.ts";

/** Mail (RFC 5322, MIME): subject as title, sender, recipients and date as one block, then the text body, or the HTML body where there is none. */
export function createEmlParser(options: { limits?: Partial<ParseLimits> } = {}): Parser {
  const limits = parseLimits(options.limits);
  return {
    mediaTypes: ["message/rfc822"],
    parse: async ({ bytes, signal }) => {
      throwIfAborted(signal);
      const email = await readEmail(bytes);
      throwIfAborted(signal);
      const builder = createDocumentBuilder(limits);
      const subject = email.subject?.trim() ?? "";
      if (subject !== "") builder.heading({ level: 1, text: subject });
      const group = builder.newGroup();
      for (const line of headerLines(email)) builder.append({ kind: "paragraph", text: line, group });
      if (email.text !== undefined && email.text.trim() !== "") appendText(builder, email.text);
      else if (email.html !== undefined) appendHtmlFragment(builder, email.html);
      const attachments = email.attachments.filter(
        (attachment) => attachment.disposition === "attachment" || attachment.related !== true,
      ).length;
      if (attachments > 0)
        builder.warn(
          `${attachments} attachment${attachments === 1 ? " was" : "s were"} not read; upload attachments as documents of their own.`,
        );
      return builder.build({ mediaType: "message/rfc822", title: subject });
    },
  };
}

async function readEmail(bytes: Uint8Array): Promise<Email> {
  try {
    return await PostalMime.parse(bytes, { maxNestingDepth: 32 });
  } catch (cause) {
    throw new FootnoteError("document_corrupt", "The message's MIME structure is damaged or nested too deeply; export it again.", {
      cause,
    });
  }
}

function headerLines({ from, to, cc, date }: Email): string[] {
  const lines: string[] = [];
  const add = (name: string, value: string): void => {
    if (value !== "") lines.push(`${name}: ${value}`);
  };
  add("From", from === undefined ? "" : formatAddress(from));
  add("To", (to ?? []).map(formatAddress).join(", "));
  add("Cc", (cc ?? []).map(formatAddress).join(", "));
  add("Date", date ?? "");
  return lines;
}

function formatAddress(address: Address): string {
  if (address.group !== undefined) return `${address.name}: ${address.group.map(formatAddress).join(", ")}`;
  return address.name === "" || address.name === address.address ? address.address : `${address.name} <${address.address}>`;
}

/** Paragraphs of a plain body; lines quoted from an earlier mail become quotes, and what follows the signature mark is kept. */
function appendText(builder: DocumentBuilder, text: string): void {
  for (const paragraph of splitParagraphs(text.replace(/\r\n?/gu, "\n"))) {
    const quoted = paragraph.startsWith(">");
    builder.append({ kind: quoted ? "quote" : "paragraph", text: quoted ? paragraph.replace(/^(?:>[ \t]?)+/gmu, "") : paragraph });
  }
}
