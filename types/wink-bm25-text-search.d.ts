declare module "wink-bm25-text-search" {
  export interface WinkBm25 {
    defineConfig(config: { fldWeights: Record<string, number>; bm25Params?: { k1?: number; b?: number; k?: number } }): boolean;
    definePrepTasks(tasks: readonly ((input: string) => unknown)[], field?: string): number;
    addDoc(document: Record<string, string>, id: string): number;
    /** `precision`: decimals kept of each weight. */
    consolidate(precision?: number): boolean;
    search(query: string, limit?: number): [id: string, score: number][];
  }
  export default function createWink(): WinkBm25;
}
