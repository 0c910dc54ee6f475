/** Inline reStructuredText marks, in the order in which docutils lets them win. Lengths are bounded, so matching is linear. */
const marks =
  /``(?<literal>[^`\n][^`]{0,2000}?|`)``|(?<!\w):(?<role>[a-zA-Z][\w:+.-]{0,40}):`(?<roleText>[^`]{1,1000})`|_?`(?<reference>[^`]{1,1000})`(?:__?|:[a-z]{2,20}:)?|\*\*(?=\S)(?<strong>[^*]{1,1000})\*\*|(?<![\w*])\*(?=[^\s*])(?<emphasis>[^*]{1,1000})\*(?!\w)|(?<![\w|])\|(?<substitution>[^|\s][^|\n]{0,100})\|_{0,2}|[ \t]?\[(?:#?[\w.-]{0,60}|\*)\]_(?!\w)|(?<=^|[\s(])(?<word>[A-Za-z][A-Za-z0-9.-]{0,60})__?(?=$|[\s.,;:!?)])|\\(?<escaped>[\s\S])/gu;

/** The text a reader sees: marks resolved, link and role texts kept, footnote marks dropped, substitutions put in. */
export function rstInlineText(source: string, substitutions: ReadonlyMap<string, string> = new Map()): string {
  return source.replace(marks, (...found: unknown[]) => {
    const groups = found.at(-1) as Record<string, string | undefined>;
    if (groups["literal"] !== undefined) return groups["literal"];
    if (groups["roleText"] !== undefined) return roleText(groups["role"] ?? "", groups["roleText"]);
    if (groups["reference"] !== undefined) return withoutTarget(groups["reference"]);
    if (groups["strong"] !== undefined) return groups["strong"];
    if (groups["emphasis"] !== undefined) return groups["emphasis"];
    if (groups["substitution"] !== undefined) return substitutions.get(groups["substitution"].toLowerCase()) ?? groups["substitution"];
    if (groups["word"] !== undefined) return groups["word"];
    if (groups["escaped"] !== undefined) return /\s/u.test(groups["escaped"]) ? "" : groups["escaped"];
    return "";
  });
}

function roleText(role: string, text: string): string {
  if (/^(?:pep|rfc)$/u.test(role)) {
    const shown = /^(.*?)\s*<[^<>]*>$/su.exec(text)?.[1];
    return shown !== undefined && shown !== "" ? shown : `${role.toUpperCase()} ${text.replace(/#.*$/su, "")}`;
  }
  const shown = withoutTarget(text);
  if (shown.startsWith("~")) return shown.slice(shown.lastIndexOf(".") + 1).replace(/^~/u, "");
  return shown.replace(/^!/u, "");
}

/** `text <address>` → text; an address alone stays. */
function withoutTarget(text: string): string {
  const shown = /^([^<]*)<[^<>]*>$/u.exec(text)?.[1]?.trim();
  return shown === undefined ? text : shown === "" ? text.slice(1, -1) : shown;
}
