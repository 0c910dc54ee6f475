import type { DocumentJobRecord, PipelineSpec } from "@footnote/core";
import type { VersionRecord } from "@footnote/storage";
import type { JobTurn } from "../job-handler.ts";

/** A version on its way in. */
export interface Ingestion {
  turn: JobTurn<DocumentJobRecord>;
  version: VersionRecord;
  spec: PipelineSpec;
  /** What is indexed for a text of this version: with what its pipeline puts before it. */
  inputOf(passage: { headingPath: readonly string[]; text: string }): string;
}
