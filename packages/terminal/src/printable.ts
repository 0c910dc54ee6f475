// oxlint-disable no-control-regex -- they are what this is about

/** ESC sequences: CSI (`ESC [ … letter`), OSC, DCS, SOS, PM and APC strings up to BEL or ST, two-character ones; and their one-byte C1 forms. */
const sequences =
  /(?:\u001b\[|\u009b)[0-?]*[ -/]*[@-~]|(?:\u001b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\u0007\u001b\u009c]*(?:\u0007|\u001b\\|\u009c)|\u001b[ -/]*[0-~]/gu;
/** What a terminal acts upon, and the marks that turn the direction of the text around them. */
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/gu;

/** Text that a terminal only shows: documents, titles and messages must not move its cursor, set its title or fake its output. */
export function printable(text: string): string {
  return text.replaceAll("\r\n", "\n").replace(sequences, "").replace(controls, "");
}

/** JSON leaves DEL, the C1 range and direction marks as they are; escaped they mean the same and do nothing. */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(controls, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
