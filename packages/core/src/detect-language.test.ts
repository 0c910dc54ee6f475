import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { detectLanguage } from "./detect-language.ts";

describe("detectLanguage", () => {
  it.each([
    ["en", "The parental leave policy applies to all of the employees who have been with the company for a year."],
    ["de", "Die Regelung gilt für alle Mitarbeiter, die mindestens ein Jahr bei der Firma sind und nicht in Teilzeit arbeiten."],
    ["fr", "La politique de congé parental est applicable à tous les employés qui sont dans la société depuis un an."],
    ["es", "La política de la empresa es que los empleados tienen derecho a una semana de descanso por año."],
    ["it", "La politica aziendale prevede che i dipendenti abbiano diritto a una settimana di ferie per ogni anno, non di più."],
    ["pt", "A política da empresa é que os funcionários têm direito a uma semana de férias por ano, não mais do que isso."],
    ["nl", "Het beleid van de onderneming is dat alle medewerkers een week verlof krijgen en niet meer dan dat."],
    ["pl", "Polityka firmy jest taka, że pracownicy mają prawo do tygodnia urlopu w roku i nie jest to do zmiany."],
    ["ru", "Политика компании такова, что все сотрудники имеют право на отпуск, и это не зависит от их стажа."],
    ["uk", "Політика компанії така, що всі працівники мають право на відпустку, і це не залежить від стажу та посади."],
    ["ar", "هذه هي سياسة الشركة التي تنطبق على كل الموظفين في المكتب من أول السنة إلى آخرها"],
    ["ja", "この規則はすべての社員に適用されます。"],
    ["zh", "这项规定适用于公司的所有员工。"],
    ["ko", "이 규정은 모든 직원에게 적용됩니다."],
    ["el", "Η πολιτική ισχύει για όλους"],
    ["he", "המדיניות חלה על כל העובדים"],
    ["th", "นโยบายนี้ใช้กับพนักงานทุกคน"],
  ])("tells %s", (language, text) => {
    expect(detectLanguage(text)).toBe(language);
  });

  it.each(["", "12 34", "x", "alpha beta gamma delta epsilon", "if (x) { return y; }"])("does not guess from %j", (text) => {
    expect(detectLanguage(text)).toBeNull();
  });

  it("reads only samples of a long text", () => {
    expect(detectLanguage(`${"lorem ".repeat(10)}${"the cat of the house is on the mat and it was there. ".repeat(50_000)}`)).toBe("en");
  });

  it("gives a language's subtag or nothing, whatever scripts are mixed", () => {
    expect(detectLanguage("Print kana: かきくけこさしすせそかき абвгдежзи αβγδεζηθι 가나다라마바사")).toBeNull();
    const script = fc.constantFrom(
      "the of and",
      "かきくけこ",
      "漢字平仮名",
      "абвгдежзи",
      "αβγδεζ",
      "가나다라",
      "שלום",
      "مرحبا",
      "ไทย",
      "नमस्ते",
      "12 | —",
      "😀",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(script, fc.string({ unit: "grapheme", maxLength: 8 })), { maxLength: 12 }), (parts) => {
        expect(detectLanguage(parts.join(" ")) ?? "en").toMatch(/^[a-z]{2}$/u);
      }),
    );
  });
});
