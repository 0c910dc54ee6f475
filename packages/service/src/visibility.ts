import type { IndexScope, MetadataFilter } from "@footnote/core";

/** What of a collection a request may see, as the ports want it: without the undefined fields that a schema's optional ones may leave. */
export function visibility(asked: {
  filter: Readonly<Record<string, unknown>> | undefined;
  principals: readonly string[] | undefined;
}): Pick<IndexScope, "filter" | "principals"> {
  const { filter, principals } = asked;
  return {
    ...(filter === undefined ? {} : { filter: JSON.parse(JSON.stringify(filter)) as MetadataFilter }),
    ...(principals === undefined ? {} : { principals }),
  };
}
