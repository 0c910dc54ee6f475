ALTER TABLE "blob_deletions" ADD COLUMN "held_until" timestamp with time zone;
ALTER TABLE "blob_deletions" ADD COLUMN "taken" boolean DEFAULT false NOT NULL;