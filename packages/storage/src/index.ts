export { openStore } from "./open-store.ts";
export { migrate } from "./migrate.ts";
export type { MigrateOptions } from "./migrate.ts";
export type * from "./store.ts";
