/** Which of our packages each package may import: the arrows of docs/architecture.md. */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  core: [],
  sdk: [],
  retrieval: ["core"],
  answers: ["core"],
  chunking: ["core"],
  evaluation: ["core"],
  ingestion: ["core"],
  embedding: ["core"],
  telemetry: ["core"],
  storage: ["core"],
  terminal: ["core", "sdk"],
  jobs: ["core", "storage"],
  tenancy: ["core", "storage"],
  service: ["core", "sdk", "storage", "retrieval", "answers", "tenancy", "evaluation"],
  api: ["core", "sdk", "service", "storage", "answers", "tenancy", "telemetry"],
  worker: ["core", "storage", "jobs"],
  server: [
    "core",
    "sdk",
    "service",
    "api",
    "worker",
    "storage",
    "jobs",
    "ingestion",
    "chunking",
    "embedding",
    "retrieval",
    "answers",
    "tenancy",
    "telemetry",
    "evaluation",
  ],
  cli: ["answers", "core", "embedding", "evaluation", "retrieval", "sdk", "server", "terminal"],
};

/** Of an app, only these names may be imported by another app. */
export const appExports: Readonly<Record<string, readonly string[]>> = {
  api: ["createApi", "serveApi", "toProblem", "apiEnvironmentSchema"],
  worker: ["createWorker"],
};

/** Apps, of which a tool may import only the composition root; from anything else it may not import a tool. */
export const apps: readonly string[] = ["api", "worker", "server", "cli"];
export const toolApps: readonly string[] = ["server"];

/** Fenced modules that a tool may use beside us: a rival measured by the bench, a server that a check starts. */
export const toolVendors: Readonly<Record<string, RegExp>> = {
  bench: /^(pg|hono|@hono\/node-server)(\/.*)?$/u,
};

/** Vendor modules and the only packages whose sources may import them. */
export const fences: readonly { vendor: RegExp; only: readonly string[]; why: string }[] = [
  {
    vendor: /^(drizzle-orm|pg|pg-(pool|cursor|copy-streams|query-stream)|@electric-sql\/.*)(\/.*)?$/u,
    only: ["storage"],
    why: "SQL exists only in storage",
  },
  { vendor: /^(pg-boss|bullmq)(\/.*)?$/u, only: ["jobs"], why: "queues exist only in jobs" },
  { vendor: /^(ioredis|redis)(\/.*)?$/u, only: ["jobs", "tenancy", "storage"], why: "Redis is used by jobs, tenancy and storage" },
  {
    vendor: /^(@xenova\/transformers|@huggingface\/.*|onnxruntime-.*)(\/.*)?$/u,
    only: ["embedding"],
    why: "models run only in embedding",
  },
  { vendor: /^(ai|@ai-sdk\/.*)(\/.*)?$/u, only: ["answers", "embedding"], why: "providers are called only from answers and embedding" },
  { vendor: /^cockatiel$/u, only: ["core"], why: "retries are made by core's withRetries" },
  { vendor: /^(@opentelemetry\/.*|pino|prom-client)(\/.*)?$/u, only: ["telemetry"], why: "telemetry's libraries stay in telemetry" },
  { vendor: /^(hono|@hono\/.*)(\/.*)?$/u, only: ["api"], why: "HTTP routes exist only in the api" },
];

/** Node's own modules are out of reach for code that runs in a browser. */
export const browserPackages: readonly string[] = ["sdk"];

/**
 * Packages whose folders stand in an order: a folder imports itself and those before it. Files directly in `src` may import all of them, and
 * no folder imports those files.
 */
export const folderOrders: Readonly<Record<string, readonly string[]>> = {
  evaluation: ["statistics", "fitting", "datasets", "metrics", "runs", "judges", "ragas", "proposals", "gate", "reports"],
};
