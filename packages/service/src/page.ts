import type { PageQuery } from "@footnote/sdk";
import type { PageRequest } from "@footnote/storage";

/** A page request without fields that were not given. */
export function page({ limit, cursor }: PageQuery): PageRequest {
  return { ...(limit === undefined ? {} : { limit }), ...(cursor === undefined ? {} : { cursor }) };
}
