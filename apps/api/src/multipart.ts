import { FootnoteError, type Metadata } from "@footnote/core";
import { parseAccess, parseMetadata } from "./document-headers.ts";

/** The files, metadata, access and the end. */
const partsBesideFiles = 3;

export interface UploadedForm {
  files: readonly File[];
  /** For all of them. */
  shared: { metadata?: Metadata; access?: string[] };
}

/** A form of files; at most `mostFiles` of them. */
export async function readForm(body: Uint8Array<ArrayBuffer>, contentType: string, mostFiles: number): Promise<UploadedForm> {
  const maxParts = mostFiles + partsBesideFiles;
  // A form of a million small parts would keep everybody waiting while it is taken apart. The last boundary ends the form.
  if (countParts(body, contentType, maxParts) > maxParts) {
    throw new FootnoteError("invalid_request", `The form has too many parts; send at most ${mostFiles} files at once.`);
  }
  let form: FormData;
  try {
    form = await new Response(body, { headers: { "content-type": contentType } }).formData();
  } catch {
    throw new FootnoteError("invalid_request", "The multipart body is malformed; send it again.");
  }
  const files = form.getAll("file").filter((value) => value instanceof File);
  const unknown = [...form.keys()].find((name) => !["file", "metadata", "access"].includes(name));
  if (unknown !== undefined) throw new FootnoteError("invalid_request", "The form has a part that is neither file, metadata nor access.");
  const metadata = formText(form, "metadata");
  const access = formText(form, "access");
  return {
    files,
    shared: {
      ...(metadata === undefined ? {} : { metadata: parseMetadata(metadata, "metadata") }),
      ...(access === undefined ? {} : { access: parseAccess(access, "access") }),
    },
  };
}

/** The parts of a multipart body, counted without reading them, up to `most + 1`. */
function countParts(body: Uint8Array<ArrayBuffer>, contentType: string, most: number): number {
  const boundary = /boundary="?([^";]+)/i.exec(contentType)?.[1];
  if (!boundary) return 0;
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const delimiter = `\r\n--${boundary}`;
  // The first one may stand at the very beginning, without a line before it.
  let count = 1;
  for (let at = bytes.indexOf(delimiter); at >= 0 && count <= most; at = bytes.indexOf(delimiter, at + 1)) count += 1;
  return count;
}

function formText(form: FormData, name: string): string | undefined {
  const values = form.getAll(name);
  const [value] = values;
  if (value === undefined) return undefined;
  if (typeof value !== "string" || values.length > 1) throw new FootnoteError("invalid_request", `The part ${name} must be one text.`);
  return value;
}
