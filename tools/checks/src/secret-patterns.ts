/** Forms of credentials that must never be committed. Our own keys carry a checksum, so a real one is told from an example. */
export const secretPatterns: readonly { name: string; pattern: RegExp }[] = [
  { name: "private key", pattern: /-----BEGIN (?:RSA |EC |OPENSSH |DSA |ENCRYPTED )?PRIVATE KEY-----/u },
  { name: "AWS access key", pattern: /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/u },
  { name: "GitHub token", pattern: /\bgh[pousr]_[A-Za-z0-9]{36,}\b/u },
  { name: "GitHub fine-grained token", pattern: /\bgithub_pat_[A-Za-z0-9_]{60,}\b/u },
  { name: "Anthropic key", pattern: /\bsk-ant-[A-Za-z0-9_-]{20,}\b/u },
  { name: "OpenAI key", pattern: /\bsk-(?:proj-)?[A-Za-z0-9]{32,}\b/u },
  { name: "Slack token", pattern: /\bxox[abprs]-[A-Za-z0-9-]{10,}\b/u },
  { name: "Google API key", pattern: /\bAIza[0-9A-Za-z_-]{35}\b/u },
  { name: "npm token", pattern: /\bnpm_[A-Za-z0-9]{36}\b/u },
  { name: "Footnote key", pattern: /\bfn_(?:live|op)_[0-9a-z]{26}_[0-9A-Za-z]{26,}\b/u },
  {
    name: "password in a database URL",
    pattern: /\bpostgres(?:ql)?:\/\/[^:/\s"'`$<>{}]+:(?!password@|secret@|example@|\*+@|\[)[^@\s"'`$<>{}]{6,}@/u,
  },
];

export interface FoundSecret {
  path: string;
  line: number;
  name: string;
}

/** Every line of `text` that holds something of a secret's form. The value itself is never returned. */
export function findSecrets(path: string, text: string): FoundSecret[] {
  const found: FoundSecret[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    for (const { name, pattern } of secretPatterns) if (pattern.test(line)) found.push({ path, line: index + 1, name });
  }
  return found;
}
