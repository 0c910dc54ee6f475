import { FootnoteError } from "@footnote/core";

/** What is another tenant's, or beyond the actor's collections, is answered like what does not exist. */
export const notFound = () => new FootnoteError("not_found", "There is nothing at this address, or it is not yours.");
