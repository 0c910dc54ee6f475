import { FootnoteError } from "@footnote/core";
import {
  acceptedDocumentSchema,
  chunkSchema,
  documentSchema,
  jobSchema,
  pageQuerySchema,
  pageSchema,
  putUrlSchema,
  uploadResultSchema,
} from "@footnote/sdk";
import { mostFiles, type Service } from "@footnote/service";
import { toAcceptedDocument, toChunk, toDocument, toJob, toPage } from "@footnote/service/wire";
import { z } from "zod";
import { readDocumentHeaders } from "../document-headers.ts";
import { readForm } from "../multipart.ts";
import { decodeUtf8, maxJsonBytes, mediaTypeOf } from "../request-body.ts";
import { json, type Router } from "../route.ts";

const versionQuery = z.strictObject({
  version: z.string().max(100).optional().meta({ description: "A version's id; default: the live one." }),
});

export function addDocumentRoutes(router: Router, service: Service): void {
  router.add({
    method: "put",
    path: "/v1/collections/{collection}/documents/{externalId}",
    tag: "Documents",
    summary: "Put a document: a new one, or a new version of it",
    description:
      "The body is the file itself; its type is found from the content. Readers see the old version until the new one is complete. The job tells how far it is.",
    verb: service.putDocument,
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
    async handler({ run, request, param, readBody }) {
      const put = await run({
        collection: param("collection"),
        externalId: param("externalId"),
        async read() {
          const described = readDocumentHeaders(request.headers);
          const bytes = await readBody();
          const declared = mediaTypeOf(request);
          if (declared === "application/json") refuseUrl(bytes);
          return { bytes, declared, ...described };
        },
      });
      return json(toAcceptedDocument(put), 202);
    },
  });

  router.add({
    method: "post",
    path: "/v1/collections/{collection}/documents",
    tag: "Documents",
    summary: "Upload many files",
    description:
      "Parts named file; a file's name is its externalId. Parts metadata and access (JSON) are for all of them. The whole upload has the size limit of one file.",
    verb: service.putDocuments,
    rawBody: [{ contentType: "multipart/form-data", description: "Files in parts named file" }],
    replies: { 202: { description: "What was taken and what was not", schema: uploadResultSchema } },
    creates: {},
    async handler({ run, request, param, readBody }) {
      const { accepted, rejected } = await run({
        collection: param("collection"),
        async read() {
          const contentType = request.headers.get("content-type") ?? "";
          if (!/^multipart\/form-data\s*;/i.test(contentType)) {
            throw new FootnoteError("unsupported_media_type", "Send the files as multipart/form-data.");
          }
          const { files, shared } = await readForm(await readBody(), contentType, mostFiles);
          return files.map((file) => ({
            externalId: file.name,
            fileName: file.name,
            declared: file.type,
            bytes: async () => new Uint8Array(await file.arrayBuffer()),
            ...shared,
          }));
        },
      });
      return json({ data: accepted.map(toAcceptedDocument), rejected }, 202);
    },
  });

  router.add({
    method: "get",
    path: "/v1/collections/{collection}/documents",
    tag: "Documents",
    summary: "List a collection's documents",
    verb: service.listDocuments,
    query: pageQuerySchema,
    replies: { 200: { description: "A page of documents", schema: pageSchema(documentSchema) } },
    handler: async ({ run, param, query }) =>
      json(toPage(await run({ ...query, collection: param("collection") }), (document) => toDocument(document))),
  });

  router.add({
    method: "get",
    path: "/v1/documents/{id}",
    tag: "Documents",
    summary: "Read a document",
    verb: service.readDocument,
    replies: { 200: { description: "The document", schema: documentSchema } },
    async handler({ run, id }) {
      const { document, warnings } = await run({ documentId: id("document") });
      return json(toDocument(document, warnings));
    },
  });

  router.add({
    method: "get",
    path: "/v1/documents/{id}/content",
    tag: "Documents",
    summary: "Download the original bytes",
    verb: service.readDocumentContent,
    query: versionQuery,
    replies: { 200: { description: "The file", contentType: "application/octet-stream" } },
    async handler({ run, id, query }) {
      const { document, version, bytes } = await run({ documentId: id("document"), ...query });
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
    verb: service.readDocumentText,
    query: versionQuery,
    replies: { 200: { description: "The text", contentType: "text/plain; charset=utf-8" } },
    async handler({ run, id, query }) {
      const { text, version } = await run({ documentId: id("document"), ...query });
      return new Response(text, { headers: { "content-type": "text/plain; charset=utf-8", "footnote-version": version.id } });
    },
  });

  router.add({
    method: "get",
    path: "/v1/documents/{id}/chunks",
    tag: "Documents",
    summary: "List a version's chunks in order",
    verb: service.listChunks,
    query: pageQuerySchema.extend(versionQuery.shape),
    replies: { 200: { description: "A page of chunks", schema: pageSchema(chunkSchema) } },
    handler: async ({ run, id, query }) => json(toPage(await run({ documentId: id("document"), ...query }), toChunk)),
  });

  router.add({
    method: "delete",
    path: "/v1/documents/{id}",
    tag: "Documents",
    summary: "Delete a document everywhere",
    description: "Readers no longer see it from now on; the job's result is the receipt: what was removed, per store.",
    verb: service.eraseDocument,
    replies: { 202: { description: "Accepted", schema: z.object({ job: jobSchema }) } },
    handler: async ({ run, id }) => json({ job: toJob(await run({ documentId: id("document") })) }, 202),
  });
}

function refuseUrl(bytes: Uint8Array): void {
  if (bytes.byteLength === 0 || bytes.byteLength >= maxJsonBytes) return;
  if (putUrlSchema.safeParse(jsonOf(decodeUtf8(bytes, "The body"))).success) {
    throw new FootnoteError("url_ingestion_disabled", "Fetching from URLs is switched off here; send the document's bytes.");
  }
}

/** A document in JSON may hold any value: it is read as text, not stored as values. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new FootnoteError("malformed_json", "The body is not valid JSON; correct it and send it again.");
  }
}

function encodeRfc8187(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replaceAll(/['()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
