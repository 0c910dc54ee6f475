import type { Readiness } from "@footnote/sdk";
import type { Service } from "@footnote/service";
import type { Store } from "@footnote/storage";
import type { ApplicationTelemetry } from "@footnote/telemetry";
import type { Authenticator } from "@footnote/tenancy";
import type { ApiEnvironment } from "./env.ts";

export interface ApiDependencies {
  /** What every route but the open ones calls. */
  service: Service;
  authenticator: Pick<Authenticator, "authenticate">;
  /** Where replies to requests with an Idempotency-Key are kept. */
  idempotency: Store["idempotency"];
  readiness(): Promise<Readiness["dependencies"]>;
  telemetry: ApplicationTelemetry;
  environment: ApiEnvironment;
}
