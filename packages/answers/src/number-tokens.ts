const words: Record<string, string> = {
  zero: "0", one: "1", two: "2", three: "3", four: "4", five: "5", six: "6", seven: "7", eight: "8", nine: "9", ten: "10", eleven: "11",
  twelve: "12", thirteen: "13", fourteen: "14", fifteen: "15", sixteen: "16", seventeen: "17", eighteen: "18", nineteen: "19", twenty: "20",
  thirty: "30", forty: "40", fifty: "50", sixty: "60", seventy: "70", eighty: "80", ninety: "90", hundred: "100", thousand: "1000",
  zwei: "2", drei: "3", vier: "4", fünf: "5", sechs: "6", sieben: "7", acht: "8", neun: "9", zehn: "10",
}; // prettier-ignore

/**
 * The numbers of a text in one notation: `1,500`, `1.500` and `1500` are `1500`; `14,5` and `14.5` are `14.5`; `seven` is `7`.
 * A separator before exactly three digits groups thousands, any other is a decimal point.
 */
export function numberTokens(text: string): string[] {
  const found: string[] = [];
  for (const [token] of text.normalize("NFKC").matchAll(/\p{Nd}+(?:[.,’']\p{Nd}+)*|\p{L}+/gu)) {
    if (/^\p{Nd}/u.test(token)) found.push(token.replace(/[.,’'](?=\p{Nd}{3}(?!\p{Nd}))/gu, "").replace(/[,’']/gu, "."));
    else {
      const value = Object.hasOwn(words, token.toLowerCase()) ? words[token.toLowerCase()] : undefined;
      // "One" is a pronoun as often as a number.
      if (value !== undefined && value !== "1") found.push(value);
    }
  }
  return found;
}

const negations = new Set(
  (
    "not no never none neither nor without cannot cant dont doesnt didnt isnt arent wasnt werent wont wouldnt shouldnt couldnt hasnt havent " +
    "nicht kein keine keinen keinem keiner keines nie niemals ohne ni jamais sans aucun aucune nunca sin ningún ninguna"
  ).split(" "),
);

/** Whether a text denies something: a plain word list, English first. */
export function isNegated(text: string): boolean {
  for (const [word] of text.toLowerCase().matchAll(/\p{L}+(?:['’]\p{L}+)?/gu)) {
    if (negations.has(word.replace(/['’]/u, ""))) return true;
  }
  return false;
}
