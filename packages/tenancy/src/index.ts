export { createAuthenticator } from "./authenticator.ts";
export type { Authenticator, AuthenticatorOptions } from "./authenticator.ts";
export { bootstrapOperator, issueKey, issueOperatorKey } from "./issue-key.ts";
export { digestsEqual, keyPattern, makeKey, parseKey } from "./key-format.ts";
export type { KeyKind, ParsedKey } from "./key-format.ts";
export { usageEntries } from "./usage-entries.ts";
