import type { TenantId } from "@footnote/core";
import { text, timestamp } from "drizzle-orm/pg-core";

/** Why something failed, in plain words. */
export interface Problem {
  code: string;
  message: string;
}

/** Every table of a tenant has it first in its primary key and in every unique key. */
export const tenantId = () => text("tenant_id").$type<TenantId>().notNull();
/** The tenant, or `operator` for what whoever runs the installation does. */
export const scopeId = () => text("tenant_id").$type<TenantId | "operator">().notNull();
export const instant = (name: string) => timestamp(name, { withTimezone: true, mode: "date" });
export const createdAt = () => instant("created_at").notNull().defaultNow();
export const updatedAt = () => instant("updated_at").notNull().defaultNow();
