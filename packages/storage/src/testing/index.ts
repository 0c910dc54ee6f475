export { loadDump, startPostgresServer, testAppRole } from "./postgres-server.ts";
export type { PostgresServer, TestDatabase } from "./postgres-server.ts";
export { testBy } from "./test-by.ts";
export { availableEngines, openTestStore, sharedPostgresServer, testSpaces } from "./test-store.ts";
export type { Engine, TestStore, TestStoreOptions } from "./test-store.ts";
