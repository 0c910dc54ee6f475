import { childAt, childElements } from "./xml-tree.ts";
import type { XmlElement } from "./xml-tree.ts";

/** ECMA-376 part 1, 18.8.30: the built-in formats that matter for reading; the rest show the plain number. */
const builtInFormats: ReadonlyMap<number, string> = new Map([
  [9, "0%"],
  [10, "0.00%"],
  ...[14, 15, 16, 17, 27, 28, 29, 30, 31, 34, 35, 36, 50, 51, 52, 53, 54, 55, 56, 57, 58].map((id): [number, string] => [id, "yyyy-mm-dd"]),
  ...[18, 19, 20, 21, 32, 33, 45, 46, 47].map((id): [number, string] => [id, "hh:mm:ss"]),
  [22, "yyyy-mm-dd hh:mm"],
]);

/** Format codes by cell style, from a styles part. */
export function readNumberFormats(root: XmlElement | null): string[] {
  const sheet = childAt(root ?? undefined, "styleSheet");
  const custom = new Map(
    childElements(childAt(sheet, "numFmts"), "numFmt").map(({ attributes }) => [
      Number(attributes["numFmtId"]),
      attributes["formatCode"] ?? "General",
    ]),
  );
  return childElements(childAt(sheet, "cellXfs"), "xf").map(({ attributes }) => {
    const id = Number(attributes["numFmtId"] ?? 0);
    return custom.get(id) ?? builtInFormats.get(id) ?? "General";
  });
}

/** A stored number as a reader sees it: dates as ISO 8601, percentages with their sign, others without binary noise. */
export function formatCellNumber(stored: string, format: string, date1904: boolean): string {
  const number = Number(stored);
  if (stored.trim() === "" || !Number.isFinite(number)) return stored.trim();
  const code = (format.split(";")[0] ?? "").replace(/"[^"]*"|\\.|\[[^\]]*\]|_./gu, "").toLowerCase();
  if (/[yd]/u.test(code) || /h|s(?!t)|m.*m/u.test(code)) {
    const date = serialDate(number, { date: /[yd]/u.test(code) || !/[hs]/u.test(code), time: /[hs]/u.test(code), date1904 });
    if (date !== null) return date;
  }
  if (code.includes("%")) return `${Number((number * 100).toPrecision(12))}%`;
  return String(Number(number.toPrecision(15)));
}

/** Days since the turn of 1899/1900, with the leap day of 1900 that never was; or since 1904. */
function serialDate(serial: number, shown: { date: boolean; time: boolean; date1904: boolean }): string | null {
  const days = shown.date1904 ? serial + 1462 : serial < 60 ? serial + 1 : serial;
  const date = new Date(Date.UTC(1899, 11, 30) + Math.round(days * 86_400) * 1000);
  if (serial < 0 || Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999) return null;
  const iso = date.toISOString();
  const parts: string[] = [];
  if (shown.date) parts.push(iso.slice(0, 10));
  if (shown.time) parts.push(iso.slice(11, iso.slice(17, 19) === "00" ? 16 : 19));
  return parts.join(" ");
}
