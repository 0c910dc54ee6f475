/** Test sets that every ablation measures, folders below data/retrieval; the golden set, `handbook`, beside them. */
export const alwaysMeasured: readonly string[] = ["product-docs", "code-chunks", "cranfield"];
/** Those of a full run, too. */
export const measuredInFull: readonly string[] = ["scifact", "squad-v2"];
export const goldenSetName = "handbook";
