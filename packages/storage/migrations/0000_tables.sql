CREATE TABLE "answer_sources" (
	"tenant_id" text NOT NULL,
	"answer_id" text NOT NULL,
	"document_id" text NOT NULL,
	"version_id" text NOT NULL,
	CONSTRAINT "answer_sources_tenant_id_answer_id_version_id_pk" PRIMARY KEY("tenant_id","answer_id","version_id")
);
--> statement-breakpoint
CREATE TABLE "answers" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"conversation_id" text NOT NULL,
	"collection_id" text NOT NULL,
	"question" text NOT NULL,
	"text" text NOT NULL,
	"body" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "answers_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "conversations" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"collection_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "conversations_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "feedback" (
	"tenant_id" text NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "feedback_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"answer_id" text NOT NULL,
	"rating" text NOT NULL,
	"comment" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "feedback_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "blob_deletions" (
	"tenant_id" text NOT NULL,
	"document_id" text NOT NULL,
	"sha256" text NOT NULL,
	CONSTRAINT "blob_deletions_tenant_id_document_id_sha256_pk" PRIMARY KEY("tenant_id","document_id","sha256")
);
--> statement-breakpoint
CREATE TABLE "chunks" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"version_id" text NOT NULL,
	"ordinal" integer NOT NULL,
	"start_offset" integer NOT NULL,
	"end_offset" integer NOT NULL,
	"text" text NOT NULL,
	"heading_path" text[] NOT NULL,
	"page" integer,
	"boxes" jsonb,
	"token_count" integer NOT NULL,
	"context_start" integer,
	"context_end" integer,
	"input_sha256" text NOT NULL,
	CONSTRAINT "chunks_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "collections" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"number" integer GENERATED ALWAYS AS IDENTITY (sequence name "collections_number_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 2147483647 START WITH 1 CACHE 1),
	"name" text NOT NULL,
	"settings" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "collections_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "document_versions" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"document_id" text NOT NULL,
	"collection_id" text NOT NULL,
	"number" integer NOT NULL,
	"state" text NOT NULL,
	"live" boolean DEFAULT false NOT NULL,
	"sha256" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"media_type" text NOT NULL,
	"file_name" text,
	"given_title" text,
	"parsed_title" text,
	"language" text,
	"metadata" jsonb NOT NULL,
	"access" text[] NOT NULL,
	"text" text,
	"structure" jsonb,
	"error" jsonb,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"live_at" timestamp with time zone,
	CONSTRAINT "document_versions_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "documents" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"collection_id" text NOT NULL,
	"external_id" text NOT NULL,
	"title" text,
	"metadata" jsonb NOT NULL,
	"access" text[] NOT NULL,
	"media_type" text NOT NULL,
	"language" text,
	"size_bytes" bigint NOT NULL,
	"state" text NOT NULL,
	"error" jsonb,
	"version_id" text,
	"newest_version_id" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "documents_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "lexical_rows" (
	"tenant_id" text NOT NULL,
	"collection_id" text NOT NULL,
	"version_id" text NOT NULL,
	"chunk_id" text NOT NULL,
	"live" boolean DEFAULT false NOT NULL,
	"length" integer NOT NULL,
	"average" double precision NOT NULL,
	"weights" sparsevec(1000000000) NOT NULL,
	"keys" bigint[] NOT NULL,
	CONSTRAINT "lexical_rows_tenant_id_chunk_id_pk" PRIMARY KEY("tenant_id","chunk_id")
);
--> statement-breakpoint
CREATE TABLE "lexical_terms" (
	"tenant_id" text NOT NULL,
	"collection_id" text NOT NULL,
	"term_id" integer NOT NULL,
	"delta" bigint NOT NULL,
	"document_frequency" integer NOT NULL,
	"max_weight" real NOT NULL,
	CONSTRAINT "lexical_terms_tenant_id_collection_id_term_id_delta_pk" PRIMARY KEY("tenant_id","collection_id","term_id","delta")
);
--> statement-breakpoint
CREATE TABLE "lexical_totals" (
	"tenant_id" text NOT NULL,
	"collection_id" text NOT NULL,
	"delta" bigint NOT NULL,
	"chunk_count" integer NOT NULL,
	"total_length" bigint NOT NULL,
	"weight_average" double precision,
	CONSTRAINT "lexical_totals_tenant_id_collection_id_delta_pk" PRIMARY KEY("tenant_id","collection_id","delta")
);
--> statement-breakpoint
CREATE TABLE "api_keys" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"digest" text NOT NULL,
	"scopes" text[] NOT NULL,
	"collections" text[],
	"expires_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "api_keys_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "audit_log" (
	"tenant_id" text NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "audit_log_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"actor" text NOT NULL,
	"action" text NOT NULL,
	"subject" text NOT NULL,
	"request_id" text,
	"details" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "audit_log_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "idempotency_keys" (
	"tenant_id" text NOT NULL,
	"principal" text NOT NULL,
	"key" text NOT NULL,
	"request_sha256" text NOT NULL,
	"status" integer,
	"body" text,
	"document_id" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "idempotency_keys_tenant_id_principal_key_pk" PRIMARY KEY("tenant_id","principal","key")
);
--> statement-breakpoint
CREATE TABLE "operator_keys" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"digest" text NOT NULL,
	"revoked_at" timestamp with time zone,
	"last_used_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL
);
--> statement-breakpoint
CREATE TABLE "pipelines" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"name" text NOT NULL,
	"version" integer NOT NULL,
	"hash" text NOT NULL,
	"spec" jsonb NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "pipelines_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "tenants" (
	"tenant_id" text NOT NULL,
	"name" text NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "tenants_tenant_id_pk" PRIMARY KEY("tenant_id")
);
--> statement-breakpoint
CREATE TABLE "usage_entries" (
	"tenant_id" text NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "usage_entries_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"request_id" text NOT NULL,
	"kind" text NOT NULL,
	"stage" text NOT NULL,
	"model" text NOT NULL,
	"input_tokens" bigint NOT NULL,
	"output_tokens" bigint NOT NULL,
	"cost_usd" numeric(20, 10) NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "usage_entries_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "jobs" (
	"tenant_id" text NOT NULL,
	"id" text NOT NULL,
	"kind" text NOT NULL,
	"state" text NOT NULL,
	"stage" text NOT NULL,
	"progress" real DEFAULT 0 NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"max_attempts" integer DEFAULT 5 NOT NULL,
	"error" jsonb,
	"result" jsonb,
	"cancel_requested" boolean DEFAULT false NOT NULL,
	"collection_id" text NOT NULL,
	"document_id" text NOT NULL,
	"version_id" text,
	"lease" text,
	"heartbeat_at" timestamp with time zone,
	"run_after" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	"finished_at" timestamp with time zone,
	CONSTRAINT "jobs_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE TABLE "outbox" (
	"tenant_id" text NOT NULL,
	"id" bigint GENERATED ALWAYS AS IDENTITY (sequence name "outbox_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"job_id" text NOT NULL,
	"run_after" timestamp with time zone,
	"claimed_until" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "outbox_tenant_id_id_pk" PRIMARY KEY("tenant_id","id")
);
--> statement-breakpoint
CREATE INDEX "answer_sources_document" ON "answer_sources" USING btree ("tenant_id","document_id");--> statement-breakpoint
CREATE INDEX "answer_sources_version" ON "answer_sources" USING btree ("tenant_id","version_id");--> statement-breakpoint
CREATE INDEX "answers_conversation" ON "answers" USING btree ("tenant_id","conversation_id");--> statement-breakpoint
CREATE INDEX "feedback_answer" ON "feedback" USING btree ("tenant_id","answer_id");--> statement-breakpoint
CREATE UNIQUE INDEX "chunks_ordinal" ON "chunks" USING btree ("tenant_id","version_id","ordinal");--> statement-breakpoint
CREATE UNIQUE INDEX "collections_name" ON "collections" USING btree ("tenant_id","name");--> statement-breakpoint
CREATE UNIQUE INDEX "document_versions_number" ON "document_versions" USING btree ("tenant_id","document_id","number");--> statement-breakpoint
CREATE INDEX "document_versions_sha256" ON "document_versions" USING btree ("tenant_id","sha256");--> statement-breakpoint
CREATE UNIQUE INDEX "documents_external_id" ON "documents" USING btree ("tenant_id","collection_id","external_id");--> statement-breakpoint
CREATE INDEX "documents_collection" ON "documents" USING btree ("tenant_id","collection_id","id");--> statement-breakpoint
CREATE INDEX "lexical_rows_version" ON "lexical_rows" USING btree ("tenant_id","version_id");--> statement-breakpoint
CREATE INDEX "lexical_rows_collection" ON "lexical_rows" USING btree ("tenant_id","collection_id");--> statement-breakpoint
CREATE INDEX "api_keys_id" ON "api_keys" USING btree ("id");--> statement-breakpoint
CREATE INDEX "idempotency_keys_document" ON "idempotency_keys" USING btree ("tenant_id","document_id");--> statement-breakpoint
CREATE INDEX "usage_entries_created" ON "usage_entries" USING btree ("tenant_id","created_at");--> statement-breakpoint
CREATE INDEX "jobs_document" ON "jobs" USING btree ("tenant_id","document_id");--> statement-breakpoint
CREATE INDEX "jobs_state" ON "jobs" USING btree ("state","updated_at");--> statement-breakpoint
CREATE INDEX "outbox_job" ON "outbox" USING btree ("tenant_id","job_id");