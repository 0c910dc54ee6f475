import type { Span } from "@footnote/core";

/** A document of a tenant, as questions about it are proposed. */
export interface BootstrapDocument {
  /** External id. */
  id: string;
  title: string | null;
  /** BCP 47 primary subtag. Default `en`. */
  language?: string | null;
  /** Canonical. */
  text: string;
  /** Its chunks, in order. */
  sections: (Span & { headingPath: readonly string[] })[];
}
