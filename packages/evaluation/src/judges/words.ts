/** A word or number of a text as the judges compare it. */
export interface Word {
  /** As it stands in the text. */
  text: string;
  lower: string;
  /** Lower case, without diacritics and common English endings; what two words are compared by. */
  stem: string;
  start: number;
  end: number;
  isNumber: boolean;
  /** Carries no content of its own. */
  isStop: boolean;
}

const stops = new Set(
  (
    "a an the and or but nor so yet of to in on at by for from with as into onto about than then per via during between within among against through " +
    "is are was were be been being am do does did doing done has have had having will would can could may might must shall should need needs " +
    "it its they them their theirs he him his she her hers we us our you your i me my this that these those there here such which who whom whose what " +
    "when where why how if because while whereas although though also too very just only even still both each every all any some more most other another " +
    "not no never none neither without cannot n't s t " +
    "der die das den dem des ein eine einer eines einem einen und oder von vom zu zum zur im am auf für mit bei aus nach über unter ist sind war waren " +
    "wird werden wurde hat haben kann muss soll darf es er sie wir man nicht kein keine keinen keiner keines nie ohne dass als wenn " +
    "le la les un une des du de et ou à au aux en dans sur pour par avec est sont était ne pas il elle on que qui " +
    "el los las una unos unas del y o al con para es son era se su lo"
  ).split(" "),
);

const pattern = /\p{Nd}+(?:[.,’']\p{Nd}+)*|\p{L}[\p{L}\p{M}]*(?:\p{Nd}[\p{L}\p{Nd}]*|['’]\p{L}+)?/gu;

/** The words and numbers of a text in order. `don't` is one word; `SEV1` is one, `40mg` a number and a word; `14.5` and `1,500` are one number each. */
export function wordsOf(text: string): Word[] {
  const found: Word[] = [];
  for (const match of text.matchAll(pattern)) {
    const [word] = match;
    const lower = word.toLowerCase().replace(/’/gu, "'");
    const isNumber = /^\p{Nd}/u.test(word);
    found.push({
      text: word,
      lower,
      stem: isNumber ? word : stemOf(lower),
      start: match.index,
      end: match.index + word.length,
      isNumber,
      isStop: !isNumber && (stops.has(lower) || lower.endsWith("n't")),
    });
  }
  return found;
}

const vowel = /[aeiouy]/u;

/** A light English stemmer after Porter (1980), steps 1a–1c, with the commonest derivational endings: `reviewers` and `reviewed` are `review`. */
export function stemOf(lower: string): string {
  let word = lower.normalize("NFKD").replace(/\p{M}/gu, "").replace(/'s$/u, "");
  if (!/^[a-z]{4,}$/u.test(word)) return word;
  if (word.endsWith("ies")) word = `${word.slice(0, -3)}y`;
  else if (/(?:ss|x|sh|ch|z)es$/u.test(word)) word = word.slice(0, -2);
  else if (/[^s]s$/u.test(word) && !/(?:us|is)$/u.test(word)) word = word.slice(0, -1);
  for (const ending of ["ingly", "edly", "ing", "ed"]) {
    const head = word.slice(0, -ending.length);
    if (!word.endsWith(ending) || head.length < 3 || !vowel.test(head)) continue;
    word = /([bdfgmnprt])\1$/u.test(head) ? head.slice(0, -1) : head;
    break;
  }
  for (const ending of ["ation", "ment", "ness", "ion", "ity", "ly", "er", "or", "al"]) {
    if (word.endsWith(ending) && word.length - ending.length >= 4) {
      word = word.slice(0, -ending.length);
      break;
    }
  }
  if (word.length > 4 && word.endsWith("e")) word = word.slice(0, -1);
  if (word.length > 3 && word.endsWith("y")) word = `${word.slice(0, -1)}i`;
  return word;
}
