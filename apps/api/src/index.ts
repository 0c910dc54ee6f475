export { createApi } from "./create-api.ts";
export type { Api } from "./create-api.ts";
export type { ApiDependencies } from "./dependencies.ts";
export type { ApiEnvironment } from "./env.ts";
export { toProblem } from "./problem.ts";
export { serveApi } from "./serve.ts";
export type { ServedApi } from "./serve.ts";
