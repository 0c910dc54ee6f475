/**
 * Function words per language, written for this project: articles, pronouns, prepositions, conjunctions, auxiliary verbs,
 * question words, and what an apostrophe leaves over. Short on purpose: BM25's idf already makes frequent words
 * cheap, and a word that is missing here costs less than one that is wrongly dropped.
 */
const lists: Record<string, string> = {
  en: `a an the this that these those i me my mine we us our ours you your yours he him his she her hers it its they them their theirs
    who whom whose which what when where why how and or but nor if then than so as because while until of at by for with about against
    between into through during before after above below to from up down in out on off over under again further once here there
    am is are was were be been being have has had having do does did doing done can could shall should will would may might must
    not no all any both each few more most other some such only own same too very just s t d ll m re ve don doesn didn isn aren wasn
    weren hasn haven hadn won wouldn shouldn couldn also`,
  de: `der die das den dem des ein eine einen einem einer eines ich mich mir mein meine meinen meinem meiner du dich dir dein deine er ihn ihm
    sein seine seinen seinem seiner sie ihr ihre ihren ihrem ihrer es wir uns unser unsere euch euer eure man wer wen wem was wann wo
    warum wie wieviel viel welche welcher welches welchen welchem dieser diese dieses diesen diesem jener jene jenes und oder aber sondern denn weil dass
    daß wenn als ob während bis von zu zum zur bei mit nach aus in im ins an am auf über unter vor hinter neben zwischen durch für gegen
    ohne um seit bin bist ist sind seid war waren wäre sein gewesen habe hast hat haben hatte hatten werde wird werden wurde wurden
    worden kann kannst können konnte muss müssen soll sollen sollte will wollen darf dürfen mag nicht kein keine keinen keinem auch noch
    nur so sehr schon hier da dort dann doch`,
  fr: `le la les l un une des du de d au aux ce cet cette ces je j me m moi tu te t toi il elle on nous vous ils elles se s lui leur leurs y en
    mon ma mes ton ta tes son sa ses notre nos votre vos qui que qu quoi dont où quand comment pourquoi quel quelle quels quelles et ou
    mais ni car donc or si comme à dans par pour sur sous avec sans entre vers chez depuis pendant avant après suis es est sommes êtes
    sont étais était étaient être été ai as a avons avez ont avait avaient avoir eu fait faire peut peuvent ne n pas plus très aussi c`,
  es: `el la los las lo un una unos unas de del al a este esta estos estas ese esa esos esas yo me mi tú te ti él ella nosotros vosotros
    ellos ellas se le les nos os su sus mis tu tus nuestro nuestra vuestro vuestra que qué quien quién cual cuál cuales cuando cuándo
    donde dónde cómo como por porque para con sin en entre sobre hasta desde y e o u pero ni si no más muy también ya es son soy eres somos
    era eran fue fueron ser sido estar está están estaba ha han he hay había haber tiene tienen puede pueden`,
  it: `il lo la i gli le l un uno una di del dello della dei degli delle a al allo alla ai agli alle da dal dallo dalla dai dagli dalle in nel
    nello nella nei negli nelle su sul sullo sulla sui sugli sulle con per tra fra e ed o ma se anche come che chi cui quale quali quando
    dove perché quanto io mi me tu ti te lui lei noi ci voi vi loro si suo sua suoi sue mio mia tuo tua nostro nostra questo questa questi
    queste quello quella non più molto è sono sei siamo siete era erano essere stato ha hanno ho hai abbiamo avete aveva avere può possono c d`,
  nl: `de het een deze die dit dat ik me mij mijn je jij jou jouw u uw hij hem zijn zij ze haar wij we ons onze jullie hen hun wie wat welke
    wanneer waar waarom hoe en of maar want omdat als dan dus toen te van in op aan bij met voor naar uit om over onder tot door tegen
    zonder tussen na er hier daar is ben bent was waren wordt worden werd werden geweest heb hebt heeft hebben had hadden kan kunnen kon
    moet moeten zal zullen zou wil mag niet geen ook nog al wel zo`,
  pt: `o a os as um uma uns umas de do da dos das em no na nos nas ao à aos às por pelo pela para com sem sob sobre entre até desde e ou mas
    nem se que quem qual quais quando onde como porque porquê eu me mim tu te ti você ele ela nós vós eles elas lhe lhes seu sua seus
    suas meu minha teu tua nosso nossa este esta estes estas esse essa isso isto aquele aquela não mais muito também já é são sou
    somos era eram foi foram ser sido está estão estar tem têm há havia ter tinha pode podem`,
  sv: `en ett den det de dem denna detta dessa jag mig min mitt mina du dig din ditt dina han honom hans hon henne hennes vi oss vår vårt
    våra ni er ert era man sig sin sitt sina vem vad vilken vilket vilka när var varför hur och eller men för att om som så då därför
    i på av till från med utan vid under över mellan efter före mot är vara varit blir bli blev har ha hade kan kunde ska skulle vill
    måste får inte ingen inga också bara här där mycket`,
  da: `en et den det de dem denne dette disse jeg mig min mit mine du dig din dit dine han ham hans hun hende hendes vi os vores i jer
    jeres man sig sin sit sine hvem hvad hvilken hvilket hvilke hvornår hvor hvorfor hvordan og eller men for at om som så da på af til
    fra med uden ved under over mellem efter før mod er var være været bliver blive blev har have havde kan kunne skal skulle vil ville
    må ikke ingen også her der meget`,
  no: `en et ei den det de dem denne dette disse jeg meg min mitt mine du deg din ditt dine han ham hans hun henne hennes vi oss vår vårt
    våre dere deres man seg sin sitt sine hvem hva hvilken hvilket hvilke når hvor hvorfor hvordan og eller men for at om som så da i på
    av til fra med uten ved under over mellom etter før mot er var være vært blir bli ble har ha hadde kan kunne skal skulle vil ville
    må ikke ingen også her der mye`,
  fi: `minä sinä hän me te he se ne tämä nämä tuo nuo joka jotka mikä mitä kuka kun missä miksi miten ja tai mutta että jos kuin niin
    on ovat oli olivat olla ole ollut ei en et emme ette eivät myös vain sekä`,
};

const sets = new Map<string, ReadonlySet<string>>();

/** Stop words of a language in lower case, as written (not stemmed); empty for a language without a list. */
export function stopWords(language: string): ReadonlySet<string> {
  let found = sets.get(language);
  if (!found) {
    found = new Set((lists[language] ?? "").split(/\s+/u).filter(Boolean));
    sets.set(language, found);
  }
  return found;
}
