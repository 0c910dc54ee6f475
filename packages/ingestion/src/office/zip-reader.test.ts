import { describe, expect, it } from "vitest";
import { zipArchive } from "../testing/zip-archive.ts";
import { openZip, zipNames } from "./zip-reader.ts";

const limits = { maxInflatedBytes: 1_000_000 };

describe("openZip", () => {
  it("reads stored and deflated members and ignores names that leave the folder", () => {
    const zip = openZip(
      zipArchive({ "a.txt": "alpha", "b/c.txt": "x".repeat(500), "../evil": "e", "/abs": "e", "C:/x": "e", "dir/": "" }, ["a.txt"]),
      limits,
    );
    expect(zip.names).toEqual(["a.txt", "b/c.txt"]);
    expect(Buffer.from(zip.read("a.txt") ?? "").toString()).toBe("alpha");
    expect(zip.read("b/c.txt")).toHaveLength(500);
    expect(zip.read("../evil")).toBeNull();
    expect(zip.has("b/c.txt")).toBe(true);
  });

  it("stops at the budget of all members together", () => {
    const zip = openZip(zipArchive({ a: Buffer.alloc(600_000), b: Buffer.alloc(600_000) }), limits);
    expect(zip.read("a")).toHaveLength(600_000);
    expect(() => zip.read("b")).toThrow(expect.objectContaining({ code: "document_too_large" }));
  });

  it("counts what is inflated, not what the header claims", () => {
    const bytes = Buffer.from(zipArchive({ a: Buffer.alloc(3_000_000) }));
    const entry = bytes.lastIndexOf("PK\u0001\u0002");
    bytes.writeUInt32LE(10, entry + 24);
    expect(() => openZip(bytes, limits).read("a")).toThrow(expect.objectContaining({ code: "document_too_large" }));
  });

  it("refuses a member that inflates beyond all proportion", () => {
    const bytes = zipArchive({ a: Buffer.alloc(40_000_000) });
    expect(() => openZip(bytes, { maxInflatedBytes: 100_000_000 }).read("a")).toThrow(
      expect.objectContaining({ code: "document_too_large" }),
    );
  });

  it("says what is wrong with damaged, encrypted and foreign containers", () => {
    const whole = Buffer.from(zipArchive({ "a.txt": "hello world, hello world" }));
    expect(() => openZip(whole.subarray(0, 40), limits)).toThrow(expect.objectContaining({ code: "document_corrupt" }));
    expect(zipNames(whole.subarray(0, 40))).toBeNull();
    expect(zipNames(whole)).toEqual(["a.txt"]);
    const entry = whole.lastIndexOf("PK\u0001\u0002");
    const change = (offset: number, value: number): Buffer => {
      const copy = Buffer.from(whole);
      copy.writeUInt16LE(value, entry + offset);
      return copy;
    };
    expect(() => openZip(change(8, 1), limits).read("a.txt")).toThrow(expect.objectContaining({ code: "document_encrypted" }));
    expect(() => openZip(change(10, 99), limits).read("a.txt")).toThrow(expect.objectContaining({ code: "document_corrupt" }));
    expect(() => openZip(change(16, 1), limits).read("a.txt")).toThrow(expect.objectContaining({ code: "document_corrupt" }));
    expect(() => openZip(change(42, 7), limits).read("a.txt")).toThrow(expect.objectContaining({ code: "document_corrupt" }));
    const many = Buffer.from(whole);
    many.writeUInt16LE(30_000, many.length - 12);
    expect(() => openZip(many, limits)).toThrow(expect.objectContaining({ code: "document_too_large" }));
    const shifted = Buffer.concat([Buffer.from("prefix"), whole]);
    expect(openZip(shifted, limits).read("a.txt")).toHaveLength(24);
  });
});
