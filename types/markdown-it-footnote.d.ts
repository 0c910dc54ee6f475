declare module "markdown-it-footnote" {
  import type { MarkdownIt } from "markdown-it";
  /** Adds `[^1]` references and `[^1]: text` definitions; definitions become a `footnote_block` at the end. */
  const footnote: (md: MarkdownIt) => void;
  export default footnote;
}
