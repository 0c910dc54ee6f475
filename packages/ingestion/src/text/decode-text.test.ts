import { describe, expect, it } from "vitest";
import { decodeText } from "./decode-text.ts";

const german = "Größe, Straße und Übung: die häufigsten Wörter für später. ";

describe("decodeText", () => {
  it("reads byte-order marks", () => {
    expect(decodeText(Buffer.from("\uFEFFä"))).toMatchObject({ text: "ä", encoding: "utf-8", guessed: false });
    expect(decodeText(Buffer.from("\uFEFFä", "utf16le"))).toMatchObject({ text: "ä", encoding: "utf-16le" });
    expect(decodeText(Buffer.from("\uFEFFä", "utf16le").swap16())).toMatchObject({ text: "ä", encoding: "utf-16be" });
  });

  it("finds UTF-16 without a mark", () => {
    expect(decodeText(Buffer.from("hello world", "utf16le")).text).toBe("hello world");
    expect(decodeText(Buffer.from("hello world", "utf16le").swap16()).text).toBe("hello world");
  });

  it("prefers valid UTF-8 to what was declared", () => {
    expect(decodeText(Buffer.from("Grüße"), "iso-8859-1")).toMatchObject({ text: "Grüße", encoding: "utf-8" });
  });

  it("uses the declared encoding for bytes that are not UTF-8, and ignores an unknown one", () => {
    expect(decodeText(Buffer.from("cff0e8e2e5f2", "hex"), "windows-1251")).toMatchObject({ text: "Привет", guessed: false });
    expect(decodeText(Buffer.from(german.repeat(4), "latin1"), "no-such-encoding").text).toBe(german.repeat(4));
    expect(decodeText(Buffer.from("\u001B$B$3$s\u001B(B", "latin1"), "iso-2022-jp").text).toBe("こん");
  });

  it("guesses legacy encodings from their statistics", () => {
    expect(decodeText(Buffer.from(german.repeat(4), "latin1"))).toMatchObject({ text: german.repeat(4), guessed: true });
    expect(decodeText(Buffer.from("96bc914f2c944e97ee2c8f5a8f8a", "hex")).text).toBe("名前,年齢,住所");
  });

  it("takes UTF-8 with a few broken bytes for UTF-8", () => {
    const bytes = Buffer.concat([Buffer.from("Ž".repeat(100)), Buffer.from([0xff]), Buffer.from("ž".repeat(100))]);
    expect(decodeText(bytes)).toMatchObject({ encoding: "utf-8", guessed: true });
    expect(decodeText(bytes).text).toContain("\uFFFD");
  });
});
