import { type DocumentRecord, FootnoteError, isId, type Metadata, toFootnoteError, type VersionId } from "@footnote/core";
import { detectMediaType } from "@footnote/ingestion";
import {
  acceptedDocumentSchema,
  chunkSchema,
  documentSchema,
  externalIdSchema,
  jobSchema,
  pageQuerySchema,
  pageSchema,
  putUrlSchema,
  uploadResultSchema,
} from "@footnote/sdk";
import type { AuditActor, CollectionRecord } from "@footnote/storage";
import { maySeeCollection, type TenantPrincipal } from "@footnote/tenancy";
import { z } from "zod";
import type { CollectionWarnings } from "../collection-warnings.ts";
import type { ApiDependencies } from "../dependencies.ts";
import { parseAccess, parseMetadata, readDocumentHeaders } from "../document-headers.ts";
import { page } from "../page.ts";
import { findCollection } from "../pipelines-in-use.ts";
import { decodeUtf8, maxJsonBytes, mediaTypeOf, requireStorable, validate } from "../request-body.ts";
import { json, notFound, type Router, scoped } from "../route.ts";
import { toChunk, toDocument, toJob, toPage } from "../wire.ts";

const versionQuery = z.strictObject({
  version: z.string().max(100).optional().meta({ description: "A version's id; default: the live one." }),
});
const versionPageQuery = pageQuerySchema.extend(versionQuery.shape);
const maxFiles = 100;
/** The files, metadata, access and the end. */
const maxParts = maxFiles + 3;

export function addDocumentRoutes(router: Router, { store, queue, environment }: ApiDependencies, warnings: CollectionWarnings): void {
  const maxBytes = environment.FOOTNOTE_MAX_UPLOAD_BYTES;

  async function accept(request: {
    principal: TenantPrincipal;
    collection: CollectionRecord;
    externalId: string;
    bytes: Uint8Array;
    declared?: string | undefined;
    fileName?: string;
    title?: string;
    metadata?: Metadata;
    access?: string[];
    audit: AuditActor;
    signal: AbortSignal;
  }) {
    const { principal, collection, bytes, declared, fileName, title, metadata, access, audit, signal } = request;
    const { tenantId } = principal;
    requireStorable(request.externalId, "The externalId");
    const externalId = validate(externalIdSchema, request.externalId, "The externalId");
    if (bytes.byteLength === 0) throw new FootnoteError("empty_file", "The file is empty; send one with content.");
    const mediaType = detectMediaType({ bytes, ...(declared === undefined ? {} : { declared }), fileName: fileName ?? externalId });
    if (mediaType === null) {
      throw new FootnoteError(
        "unsupported_media_type",
        "The file is of no type that can be read; send PDF, HTML, Markdown, Office (.docx, .pptx, .xlsx, OpenDocument, RTF), EPUB, CSV, mail (.eml) or text.",
      );
    }
    const blob = await store.blobs.put({ tenantId, bytes, signal });
    const put = await store.documents.put(tenantId, {
      collectionId: collection.id,
      externalId,
      ...blob,
      bytes,
      mediaType,
      ...(fileName === undefined ? {} : { fileName }),
      ...(title === undefined ? {} : { title }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(access === undefined ? {} : { access }),
      audit,
    });
    queue.wake();
    return { document: toDocument(put.document), job: toJob(put.job), version: { id: put.version.id, number: put.version.number } };
  }

  async function findDocument(principal: TenantPrincipal, id: DocumentRecord["id"]): Promise<DocumentRecord> {
    const document = await store.documents.get(principal.tenantId, id);
    if (!document || document.state === "deleting" || !maySeeCollection(principal, document.collectionId)) throw notFound();
    return document;
  }

  function versionOf(version: string | undefined): VersionId | undefined {
    if (version !== undefined && !isId("version", version)) throw notFound();
    return version;
  }

  router.add({
    method: "put",
    path: "/v1/collections/{collection}/documents/{externalId}",
    tag: "Documents",
    summary: "Put a document: a new one, or a new version of it",
    description:
      "The body is the file itself; its type is found from the content. Readers see the old version until the new one is complete. The job tells how far it is.",
    guard: scoped("ingest"),
    rawBody: [
      { contentType: "application/octet-stream", description: "The file's bytes, of any supported type" },
      { contentType: "application/json", description: "A JSON file, or {url}, which is answered 501 while URL ingestion is switched off" },
    ],
    headers: {
      "footnote-title": "Title, percent-encoded UTF-8; default: the document's own",
      "footnote-metadata": "Flat JSON object, at most 4,096 bytes",
      "footnote-access": "JSON array of principals who may see it; default: everyone in the tenant",
    },
    replies: { 202: { description: "Accepted; the job makes it searchable", schema: acceptedDocumentSchema } },
    async handler({ principal, request, param, readBody, audit, signal }) {
      const collection = await findCollection(store, principal, param("collection"));
      const headers = readDocumentHeaders(request.headers);
      const bytes = await readBody(maxBytes);
      const declared = mediaTypeOf(request);
      if (declared === "application/json" && bytes.byteLength > 0 && bytes.byteLength < maxJsonBytes) {
        if (putUrlSchema.safeParse(jsonOf(decodeUtf8(bytes, "The body"))).success)
          throw new FootnoteError("url_ingestion_disabled", "Fetching from URLs is switched off here; send the document's bytes.");
      }
      return json(
        await accept({ principal, collection, externalId: param("externalId"), bytes, declared, ...headers, audit, signal }),
        202,
      );
    },
  });

  router.add({
    method: "post",
    path: "/v1/collections/{collection}/documents",
    tag: "Documents",
    summary: "Upload many files",
    description:
      "Parts named file; a file's name is its externalId. Parts metadata and access (JSON) are for all of them. The whole upload has the size limit of one file.",
    guard: scoped("ingest"),
    rawBody: [{ contentType: "multipart/form-data", description: "Files in parts named file" }],
    replies: { 202: { description: "What was taken and what was not", schema: uploadResultSchema } },
    creates: {},
    async handler({ principal, request, param, readBody, audit, signal }) {
      const collection = await findCollection(store, principal, param("collection"));
      const contentType = request.headers.get("content-type") ?? "";
      if (!/^multipart\/form-data\s*;/i.test(contentType))
        throw new FootnoteError("unsupported_media_type", "Send the files as multipart/form-data.");
      const body = await readBody(maxBytes);
      // A form of a million small parts would keep everybody waiting while it is taken apart. The last boundary ends the form.
      if (countParts(body, contentType, maxParts) > maxParts) {
        throw new FootnoteError("invalid_request", `The form has too many parts; send at most ${maxFiles} files at once.`);
      }
      let form: FormData;
      try {
        form = await new Response(body, { headers: { "content-type": contentType } }).formData();
      } catch {
        throw new FootnoteError("invalid_request", "The multipart body is malformed; send it again.");
      }
      const files = form.getAll("file").filter((value) => value instanceof File);
      const unknown = [...form.keys()].find((name) => !["file", "metadata", "access"].includes(name));
      if (unknown !== undefined)
        throw new FootnoteError("invalid_request", "The form has a part that is neither file, metadata nor access.");
      if (files.length === 0 || files.length > maxFiles) {
        throw new FootnoteError("invalid_request", `Send 1 to ${maxFiles} files in parts named file.`);
      }
      const metadata = formText(form, "metadata");
      const access = formText(form, "access");
      const shared = {
        ...(metadata === undefined ? {} : { metadata: parseMetadata(metadata, "metadata") }),
        ...(access === undefined ? {} : { access: parseAccess(access, "access") }),
      };
      const data = [];
      const rejected = [];
      for (const file of files) {
        try {
          const bytes = new Uint8Array(await file.arrayBuffer());
          data.push(
            await accept({
              principal,
              collection,
              externalId: file.name,
              fileName: file.name,
              bytes,
              declared: file.type,
              ...shared,
              audit,
              signal,
            }),
          );
        } catch (error) {
          const known = toFootnoteError(error);
          if (!rejectable.has(known.code)) throw error;
          rejected.push({ fileName: file.name.toWellFormed().slice(0, 512), code: known.code, message: known.message });
          if (files.length === 1) throw known;
        }
      }
      return json({ data, rejected }, 202);
    },
  });

  router.add({
    method: "get",
    path: "/v1/collections/{collection}/documents",
    tag: "Documents",
    summary: "List a collection's documents",
    guard: scoped("read"),
    query: pageQuerySchema,
    replies: { 200: { description: "A page of documents", schema: pageSchema(documentSchema) } },
    async handler({ principal, param, query }) {
      const collection = await findCollection(store, principal, param("collection"));
      return json(toPage(await store.documents.list(principal.tenantId, collection.id, page(query)), toDocument));
    },
  });

  router.add({
    method: "get",
    path: "/v1/documents/{id}",
    tag: "Documents",
    summary: "Read a document",
    guard: scoped("read"),
    replies: { 200: { description: "The document", schema: documentSchema } },
    async handler({ principal, id }) {
      const document = await findDocument(principal, id("document"));
      const collection = await store.collections.get(principal.tenantId, document.collectionId);
      return json(toDocument(document, collection ? warnings.ofDocument(collection, document.language) : []));
    },
  });

  router.add({
    method: "get",
    path: "/v1/documents/{id}/content",
    tag: "Documents",
    summary: "Download the original bytes",
    guard: scoped("read"),
    query: versionQuery,
    replies: { 200: { description: "The file", contentType: "application/octet-stream" } },
    async handler({ principal, id, query, signal }) {
      const document = await findDocument(principal, id("document"));
      const versionId = versionOf(query.version) ?? document.versionId;
      const version = versionId === null ? null : await store.versions.get(principal.tenantId, versionId);
      if (!version || version.documentId !== document.id) throw notFound();
      const bytes = await store.blobs.get({ tenantId: principal.tenantId, sha256: version.sha256, signal });
      if (!bytes) throw notFound();
      return new Response(new Uint8Array(bytes), {
        headers: {
          "content-type": version.mediaType,
          // Somebody else's HTML is never to run in this origin.
          "content-disposition": `attachment; filename*=UTF-8''${encodeRfc8187(version.fileName ?? document.externalId)}`,
          "content-security-policy": "sandbox; default-src 'none'",
          etag: `"${version.sha256}"`,
        },
      });
    },
  });

  router.add({
    method: "get",
    path: "/v1/documents/{id}/text",
    tag: "Documents",
    summary: "Read the canonical text that citations count in",
    guard: scoped("read"),
    query: versionQuery,
    replies: { 200: { description: "The text", contentType: "text/plain; charset=utf-8" } },
    async handler({ principal, id, query }) {
      const document = await findDocument(principal, id("document"));
      const found = await store.documents.text(principal.tenantId, document.id, versionOf(query.version));
      if (!found) throw notFound();
      return new Response(found.text, { headers: { "content-type": "text/plain; charset=utf-8", "footnote-version": found.version.id } });
    },
  });

  router.add({
    method: "get",
    path: "/v1/documents/{id}/chunks",
    tag: "Documents",
    summary: "List a version's chunks in order",
    guard: scoped("read"),
    query: versionPageQuery,
    replies: { 200: { description: "A page of chunks", schema: pageSchema(chunkSchema) } },
    async handler({ principal, id, query }) {
      const document = await findDocument(principal, id("document"));
      const versionId = versionOf(query.version);
      const found = await store.documents.chunks(principal.tenantId, document.id, {
        ...page(query),
        ...(versionId === undefined ? {} : { versionId }),
      });
      if (!found) throw notFound();
      return json(toPage(found, toChunk));
    },
  });

  router.add({
    method: "delete",
    path: "/v1/documents/{id}",
    tag: "Documents",
    summary: "Delete a document everywhere",
    description: "Readers no longer see it from now on; the job's result is the receipt: what was removed, per store.",
    guard: scoped("ingest"),
    replies: { 202: { description: "Accepted", schema: z.object({ job: jobSchema }) } },
    async handler({ principal, id, audit }) {
      const document = await findDocument(principal, id("document"));
      const job = await store.documents.requestDeletion(principal.tenantId, document.id, audit);
      if (!job) throw notFound();
      queue.wake();
      return json({ job: toJob(job) }, 202);
    },
  });
}

/** What is wrong with one file of many, and does not keep the others out. */
const rejectable: ReadonlySet<string> = new Set(["empty_file", "unsupported_media_type", "invalid_request"]);

/** A document in JSON may hold any value: it is read as text, not stored as values. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new FootnoteError("malformed_json", "The body is not valid JSON; correct it and send it again.");
  }
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

function encodeRfc8187(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
