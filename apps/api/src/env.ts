import { z } from "zod";

const origin = z
  .url({ protocol: /^https?$/ })
  .refine((value) => URL.canParse(value) && new URL(value).origin === value, "must be an origin such as https://app.example.com");

/** Variables that only the API reads. Host, port and data folder belong to the program that starts it. */
export const apiEnvironmentSchema = z.object({
  /** Largest upload in bytes. */
  FOOTNOTE_MAX_UPLOAD_BYTES: z.coerce
    .number()
    .int()
    .min(1)
    .default(50 * 1024 * 1024),
  /** Origins that browsers may call from, separated by commas. Default: none. */
  FOOTNOTE_CORS_ORIGINS: z
    .string()
    .default("")
    .transform((value) =>
      value
        .split(",")
        .map((part) => part.trim())
        .filter((part) => part !== ""),
    )
    .pipe(z.array(origin)),
});
export type ApiEnvironment = z.infer<typeof apiEnvironmentSchema>;
