-- One word per answer and person, the last one counts, with a reason from a closed list.
-- The default gives every earlier row an author of its own as the column is made: under forced row security an owner's UPDATE would touch none.
ALTER TABLE "feedback" ADD COLUMN "author" text NOT NULL DEFAULT gen_random_uuid()::text;
ALTER TABLE "feedback" ALTER COLUMN "author" DROP DEFAULT;
ALTER TABLE "feedback" ADD COLUMN "reason" text;
ALTER TABLE "feedback" ADD CONSTRAINT "feedback_author" UNIQUE ("tenant_id", "answer_id", "author");
DROP INDEX "feedback_answer";
