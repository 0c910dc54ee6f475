/** pgvector's largest dimension; term ids are folded below it. Apart from the schema, so that a start does not load drizzle. */
export const termSpace = 1_000_000_000;
