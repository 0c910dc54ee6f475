export { openStore } from "./open-store.ts";
export { migrate } from "./migrate.ts";
export type { MigrateOptions } from "./migrate.ts";
export { backupStore, restoreStore } from "./backup.ts";
export type { BackupPlace, BackupSummary } from "./backup.ts";
export { createWinkIndex } from "./wink-index.ts";
export type { WinkDocument, WinkIndexOptions } from "./wink-index.ts";
export { compileFilter, matchesFilter } from "./metadata-filter.ts";
export type * from "./store.ts";
