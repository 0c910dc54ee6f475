export type { Actor } from "@footnote/core";
