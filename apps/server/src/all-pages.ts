import type { Page, PageQuery } from "@footnote/sdk";

/** Every item of a paged list. */
export async function* allPages<T>(list: (page: PageQuery) => Promise<Page<T>>): AsyncGenerator<T, void, undefined> {
  let cursor: string | null = null;
  do {
    const page: Page<T> = await list({ limit: 100, ...(cursor === null ? {} : { cursor }) });
    yield* page.data;
    cursor = page.nextCursor;
  } while (cursor !== null);
}
