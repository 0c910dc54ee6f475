import { FootnoteError, newId, type OperatorActor, type TenantActor } from "@footnote/core";
import { expect, test } from "vitest";
import { defineOperatorVerb, defineVerb } from "./verb.ts";

const reader: TenantActor = {
  type: "key",
  tenantId: newId("tenant"),
  id: newId("key"),
  scopes: ["read"],
  collections: [newId("collection")],
};
const operator: OperatorActor = { type: "operator", id: newId("key") };
const nothing = async () => {};

test("a verb lets through who has the right, and says what is missing", () => {
  const reading = defineVerb({ scope: "read", audits: [], run: nothing });
  const asking = defineVerb({ scope: "ask", audits: [], run: nothing });
  const operating = defineOperatorVerb({ audits: [], run: nothing });
  expect(reading.allow(reader)).toBe(reader);
  expect(() => asking.allow(reader)).toThrow(/ask/);
  expect(() => reading.allow(operator)).toThrow(FootnoteError);
  expect(operating.allow(operator)).toBe(operator);
  expect(() => operating.allow(reader)).toThrow(FootnoteError);
});
