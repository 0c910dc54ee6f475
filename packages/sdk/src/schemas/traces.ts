import { z } from "zod";
import { answerSchema } from "./answers.ts";
import { locatedChunkSchema } from "./documents.ts";

const scored = z.object({ chunkId: z.string(), score: z.number() });

const searchTraceSchema = z.object({
  query: z.string().meta({ description: "As it was searched, after normalising." }),
  terms: z.array(z.string()).meta({ description: "Words that the lexical leg looked for." }),
  legs: z
    .array(z.object({ leg: z.enum(["dense", "lexical"]), query: z.string().optional(), results: z.array(scored) }))
    .meta({ description: "What each leg found, best first. `query` where a transform made another one." }),
  fused: z.array(scored),
  passages: z.array(z.string()).optional().meta({ description: "Made up by a model and searched by meaning." }),
  readings: z
    .array(
      z.object({
        reranker: z.string(),
        chunkIds: z.array(z.string()),
        scores: z.array(z.number().nullable()),
        readings: z.record(z.string(), z.array(z.number().nullable())),
      }),
    )
    .optional()
    .meta({ description: "What each reranker read off its candidates." }),
  reranked: z
    .object({
      reranker: z.string(),
      scores: z.array(z.object({ chunkId: z.string(), score: z.number().nullable() })),
      order: z.array(scored),
    })
    .optional(),
  diversified: z.array(z.string()).optional(),
  corrections: z
    .array(z.object({ from: z.string(), to: z.string() }))
    .optional()
    .meta({ description: "Words that were searched in another spelling." }),
  routed: z.array(z.string()).optional().meta({ description: "What the router switched off or over for this question." }),
});

/** An answer with the inputs and outputs of each step. Self-contained: it can be replayed without the store. */
export const traceExportSchema = z
  .object({
    format: z.literal("footnote-trace@1"),
    answer: answerSchema,
    history: z
      .array(z.object({ question: z.string(), answer: z.string() }))
      .meta({ description: "Earlier turns that the question was read with, oldest first." }),
    trace: z.object({
      version: z.literal(1),
      spec: z.record(z.string(), z.unknown()).meta({ description: "The PipelineSpec that was served." }),
      historyTurns: z.int(),
      searches: z.array(z.object({ asked: z.string(), trace: searchTraceSchema.nullable() })),
      sources: z.array(
        z.object({ marker: z.int(), chunkId: z.string(), documentId: z.string(), versionId: z.string(), isHit: z.boolean() }),
      ),
      chunksRead: z.array(z.string()),
      request: z.object({ model: z.string(), extractive: z.boolean(), prompt: z.string(), sha256: z.string().nullable() }),
      output: z
        .array(z.looseObject({ type: z.enum(["text-delta", "quote", "finish"]) }))
        .meta({ description: "What the model said, before it was checked." }),
      dropped: z
        .object({ markers: z.int(), quotes: z.int() })
        .meta({ description: "Forged markers, and quotes that do not stand in their source." }),
      truncated: z.array(z.string()).meta({ description: "Parts that were cut to keep the trace within its limit." }),
      redacted: z.boolean().meta({ description: "A document that the answer showed was erased: queries and output are gone." }),
    }),
    request: z
      .object({ system: z.string(), prompt: z.string() })
      .nullable()
      .meta({ description: "What the model was sent, made again from its parts; null when it cannot be made exactly." }),
    chunks: z
      .array(locatedChunkSchema)
      .meta({ description: "Texts of the candidates and sources as they are stored now; erased ones are not there." }),
  })
  .meta({ id: "TraceExport" });
export type TraceExport = z.infer<typeof traceExportSchema>;
