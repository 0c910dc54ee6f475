/** Languages told by their script alone; where two share one, letters or words decide below. */
const scripts: readonly [name: string, pattern: RegExp][] = [
  ["latin", /\p{Script=Latin}/u],
  ["cyrillic", /\p{Script=Cyrillic}/u],
  ["han", /\p{Script=Han}/u],
  ["kana", /[\p{Script=Hiragana}\p{Script=Katakana}]/u],
  ["ko", /\p{Script=Hangul}/u],
  ["arabic", /\p{Script=Arabic}/u],
  ["he", /\p{Script=Hebrew}/u],
  ["el", /\p{Script=Greek}/u],
  ["th", /\p{Script=Thai}/u],
  ["hi", /\p{Script=Devanagari}/u],
  ["bn", /\p{Script=Bengali}/u],
  ["ta", /\p{Script=Tamil}/u],
  ["te", /\p{Script=Telugu}/u],
  ["ka", /\p{Script=Georgian}/u],
  ["hy", /\p{Script=Armenian}/u],
];

/** The commonest function words of each language: a text of it is full of them, and of no other's. */
const functionWords: Readonly<Record<"latin" | "cyrillic" | "arabic", Readonly<Record<string, string>>>> = {
  latin: {
    en: "the of and to in a is that for it as was with be by on not he his but at are this have from or had an they which you were all can there been has their will would when who more no if out so what up its about into than them only other new some could these two may then do first any my now such like our over me even most made after also did many must before your should how because each those both where she her",
    de: "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis mehr durch man sein wurde sei kann gegen vom können schon wenn habe seine ihre dann unter wir soll ich eines",
    fr: "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont la avec son ou aux cette d'une été ses être mais comme leur nous vous même on sans elle tout bien deux peut ces fait entre aussi après ont très dont où si leurs encore sous était l'on notre votre",
    es: "de la que el en y a los del se las por un para con no una su al lo como más pero sus le ya o este sí porque esta entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante todos uno les ni contra otros ese eso ante ellos e esto mí antes algunos qué unos yo otro fue ser son está",
    it: "di e il la che in a per un del non sono da una le con i si al dei come gli più della alla lo ha nel anche ma o se su delle ed questo dal era ai dalla tra essere questa suo cui stato ci nella degli sua loro due quando sul molto fatto dopo tutti ogni solo perché così quella all dell nell",
    pt: "de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu sua ou ser quando muito há nos já está eu também só pelo pela até isso ela entre era depois sem mesmo aos ter seus quem nas me esse eles estão você tinha foram essa num nem suas meu às minha",
    nl: "de van een het en in is dat op te zijn met voor die niet aan er om ook als dan maar bij of uit nog naar door over ze hij heeft wordt worden was tot je deze werd kan geen meer hebben al dit zo ik wat veel we moet men tegen onder zich kunnen hun omdat zou haar zal wel mijn",
    sv: "och i att det som en på är av för med den till inte har de om ett han men var jag sig från vi så kan när år under också eller hade vid mot ska skulle där än nu sin efter bara mycket alla andra då hon ut finns man upp över här vara detta mellan blir",
    da: "og i at det er en til på som med for af den de ikke der har et om var han men vi jeg sig fra kan så efter eller også blev være skal ud når hun vil havde under over mod dem sin nu bliver meget denne alle hvor hvis kunne deres bare man end været",
    no: "og i det er på en til som at for med av den de ikke har et om var han men vi jeg seg fra kan så etter eller også ble være skal ut når hun vil hadde under over mot dem sin nå blir mye denne alle hvor hvis kunne deres bare man enn vært både",
    fi: "ja on ei että se oli hän en mutta ovat joka kun kuin myös niin sen ole mukaan olla jo vain sekä jos tai nyt ovat hänen joka mitä ollut sitä voi kuitenkin vielä tämä jossa hän eivät ennen jälkeen vuoden koska noin tämän kanssa",
    pl: "i w na z do się nie że o jest to jak za po od przez dla ale jego co był są tak tym być tego ma jej już lub oraz także które który która przy może było tylko ich bardzo ze by ten ta gdy pod przed jednak między tej kiedy",
    cs: "a v se na je že o s z do i to pro ve k za by ale jako po jsou od které který která jeho nebo však už jsem být při bylo může byl není tak také jen podle jak co až než pouze mezi byla své před aby tím ještě",
    hu: "a az és hogy nem is egy ez meg de el volt csak még már mint azt van ki vagy fel ha kell után minden ezt sem lehet olyan úgy nagyon akkor több mert le most be között ezek amely szerint majd én ő",
    ro: "de și în a la cu pe nu o că din care se un este pentru mai au fi fost sau ce al ca lui prin sunt dar ale sa după până fără foarte între când această acest cum era doar lor despre avea",
    tr: "ve bir bu da de için ile çok olarak daha olan gibi ne kadar en sonra o ki ama var mi her iki ya göre değil ise bütün kendi ancak olduğu şey veya yok diye hem üzerinde nasıl şu önce",
    id: "yang dan di untuk dengan ini dari dalam tidak pada itu adalah akan juga ke karena oleh ada sebagai telah dapat bisa mereka kita saya lebih atau tersebut anda sudah kami menjadi seperti lain hanya belum masih setelah bahwa",
    vi: "và của là có trong được cho các không một với người những này đã để khi đến từ ra vào như cũng về năm tại nhiều ở làm nhưng thì lại theo đó sau hay bị còn phải trên",
    ca: "de la i el que a en les un per una els del amb no es és al com més o ha són però si seva seu va dels aquest també aquesta entre quan fins molt sense sobre tot hi ser",
  },
  cyrillic: {
    ru: "и в не на что с по как это из к но за его от так для было все то он она они бы был только или если еще может уже же быть при после также года который которые между во",
    uk: "і в не на що з до як це та за його від для було все він вона вони був тільки або якщо ще може вже бути після також року який які між у й",
    bg: "и в на не се за от да е с по че са като до това или но към беше може при след който които между във със си има още бе",
    sr: "и у на је да се за од са не су као који која које или али по до што из како бити био била само након између",
  },
  arabic: {
    ar: "في من على إلى أن التي عن مع هذا هذه ما لا كان كما بعد الذي وقد بين كل أو ذلك",
    fa: "و در به از که این را با است برای آن یک خود تا بر هم شده نیز می بود شد اما یا",
    ur: "کے میں کی ہے اور سے کا کو اس پر نے ہیں کہ یہ بھی تھا گیا ایک نہیں لیے",
  },
};

const wordLists = Object.fromEntries(
  Object.entries(functionWords).map(([script, languages]) => [
    script,
    Object.entries(languages).map(([language, words]) => ({ language, words: new Set(words.split(" ")) })),
  ]),
);

/** How much of a text is looked at, from its beginning, its middle and its end. */
const sampleLength = 6000;

/**
 * The language of most of a text as a BCP 47 primary subtag: by script, and where languages share one, by the share of
 * function words. Null when the text is short or not prose. Linear; reads at most 18,000 characters.
 */
export function detectLanguage(text: string): string | null {
  const middle = Math.max(0, Math.trunc(text.length / 2) - sampleLength / 2);
  const sample =
    text.length <= sampleLength * 3
      ? text
      : `${text.slice(0, sampleLength)} ${text.slice(middle, middle + sampleLength)} ${text.slice(-sampleLength)}`;
  const counts = new Map<string, number>();
  let letters = 0;
  for (const character of sample.match(/[\p{L}\p{M}]/gu) ?? []) {
    const found = scripts.find(([, pattern]) => pattern.test(character));
    if (found === undefined) continue;
    letters += 1;
    counts.set(found[0], (counts.get(found[0]) ?? 0) + 1);
  }
  if (letters < 3) return null;
  const share = (script: string): number => (counts.get(script) ?? 0) / letters;
  // A Japanese text mixes Han with kana, and technical CJK text holds much Latin, whose letters are smaller pieces of words.
  if (share("kana") > 0.03 && share("kana") + share("han") > 0.3) return "ja";
  if (share("han") > 0.3) return "zh";
  if (share("ko") > 0.3) return "ko";
  const [script] = [...counts].toSorted((a, b) => b[1] - a[1])[0] ?? ["", 0];
  const lists = wordLists[script];
  if (lists !== undefined) return byFunctionWords(sample, lists);
  // Too little Han or kana to tell; every other script is named by its one language.
  return script === "han" || script === "kana" ? null : script;
}

function byFunctionWords(sample: string, lists: readonly { language: string; words: ReadonlySet<string> }[]): string | null {
  const words = sample.toLowerCase().match(/[\p{L}\p{M}']+/gu) ?? [];
  if (words.length < 4) return null;
  const scores = lists
    .map(({ language, words: list }) => ({ language, hits: words.reduce((sum, word) => sum + (list.has(word) ? 1 : 0), 0) }))
    .toSorted((a, b) => b.hits - a.hits);
  const best = scores[0];
  if (best === undefined || best.hits < 2 || best.hits / words.length < 0.08) return null;
  const second = scores[1];
  return second !== undefined && second.hits === best.hits ? null : best.language;
}
