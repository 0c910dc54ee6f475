/* oxlint-disable vitest/expect-expect, vitest/valid-title -- a contract makes its tests from a table */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { ParsedDocument } from "../document.ts";
import { isFootnoteError } from "../errors.ts";
import type { Parser, ParseRequest } from "../ports/parser.ts";
import { spanFault } from "./span-fault.ts";

export interface ParserContractOptions {
  parser: Parser;
  /** Files that it reads. */
  samples: readonly ParseRequest[];
  /** Pieces of the format's syntax: random sequences of them reach far more of a parser than random bytes do. */
  pieces?: readonly string[];
  /** More bytes to try, such as containers with random members. */
  bytes?: fc.Arbitrary<Uint8Array>;
  /** Default 120. */
  runs?: number;
  close?: () => Promise<void>;
}

const refusals = /^(?:document_|parse_)|^(?:empty_file|unsupported_media_type)$/u;

/** What every Parser does. */
export function parserContract(name: string, options: ParserContractOptions): void {
  const { parser, samples, pieces = [" "], runs = 120 } = options;

  describe(`Parser contract: ${name}`, () => {
    afterAll(async () => {
      await options.close?.();
    });

    it("names the media types that it reads", () => {
      expect(parser.mediaTypes).not.toEqual([]);
      for (const mediaType of parser.mediaTypes) expect(mediaType).toMatch(/^[a-z]+\/[a-z0-9.+-]+$/u);
    });

    it("gives a document of its media types, whose blocks hold all of its canonical text", async () => {
      for (const sample of samples) {
        const document = await parser.parse(sample);
        expect(spanFault(document)).toBeNull();
        expect(document.text.trim()).not.toBe("");
        expect(parser.mediaTypes).toContain(document.mediaType);
      }
    });

    it("gives the same again, wherever the bytes lie, and leaves them as they are", async () => {
      for (const sample of samples) {
        const document = await parser.parse(sample);
        const around = new Uint8Array(sample.bytes.length + 7).fill(60);
        around.set(sample.bytes, 3);
        expect(await parser.parse({ ...sample, bytes: around.subarray(3, 3 + sample.bytes.length) })).toEqual(document);
        expect(around.subarray(3, 3 + sample.bytes.length)).toEqual(new Uint8Array(sample.bytes));
        expect(new Set([...around.subarray(0, 3), ...around.subarray(-4)])).toEqual(new Set([60]));
      }
    });

    it("does not begin once the signal has fired", async () => {
      for (const sample of samples) {
        await expect(parser.parse({ ...sample, signal: AbortSignal.abort() })).rejects.toMatchObject({ code: "cancelled" });
      }
    });

    it("gives a sound document, or refuses in its own words, whatever the bytes are", async () => {
      const text = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: "binary", maxLength: 8 })), { maxLength: 40 });
      const bytes = fc.oneof(
        text.map((parts) => new Uint8Array(Buffer.from(parts.join("")))),
        text.map((parts) => new Uint8Array(Buffer.from(`\uFEFF${parts.join("")}`, "utf16le"))),
        fc.uint8Array({ maxLength: 300 }),
        ...(options.bytes === undefined ? [] : [options.bytes]),
      );
      await fc.assert(
        fc.asyncProperty(bytes, async (input) => {
          const document = await parseOrRefuse(parser, input);
          expect(document === null ? null : spanFault(document)).toBeNull();
        }),
        { numRuns: runs },
      );
    });
  });
}

/** The document; null when the parser refused it in its own words; anything else is thrown on. */
async function parseOrRefuse(parser: Parser, bytes: Uint8Array): Promise<ParsedDocument | null> {
  try {
    return await parser.parse({ bytes });
  } catch (error) {
    if (isFootnoteError(error) && refusals.test(error.code)) return null;
    throw error;
  }
}
