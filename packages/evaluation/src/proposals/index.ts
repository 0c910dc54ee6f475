export type { BootstrapDocument } from "./bootstrap-document.ts";
export { proposeByModel } from "./propose-by-model.ts";
export { proposeByTemplate } from "./propose-by-template.ts";
export { readProposals, writeProposals } from "./proposed-case.ts";
export type { ProposedCase } from "./proposed-case.ts";
export { selectProposals } from "./select-proposals.ts";
