export { openTestService } from "./test-service.ts";
export type { TestService, TestTenant } from "./test-service.ts";
