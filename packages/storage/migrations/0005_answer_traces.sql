-- What each step of an answer was given and gave. In the row of the answer: it is read, redacted, deleted and backed up with it.
ALTER TABLE "answers" ADD COLUMN "trace" jsonb;
