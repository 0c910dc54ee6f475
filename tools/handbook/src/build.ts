/** Makes the binary documents of examples/handbook and the expected text of its PDFs from content.ts. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { annualReport, installationGuide, kickoffSlides, parentalLeave, priceList, userManual } from "./content.ts";
import { writeDocx, writePptx, writeXlsx } from "./office.ts";
import { expectedText, writePdf } from "./pdf.ts";

const handbook = join(import.meta.dirname, "../../../examples/handbook");
const pdfs = [
  {
    path: "products/skua-4-user-manual",
    parts: userManual,
    title: "Skua 4 user manual",
    header: "Larkfield Instruments · Skua 4 user manual",
  },
  {
    path: "company/annual-report-2025",
    parts: annualReport,
    title: "Annual report 2025",
    header: "Larkfield Instruments · Annual report 2025",
  },
  {
    path: "products/installation-and-safety-guide",
    parts: installationGuide,
    title: "Installation and safety guide",
    header: "Larkfield Instruments · Installation and safety guide",
  },
];
for (const { path, ...content } of pdfs) {
  await writePdf(join(handbook, "documents", `${path}.pdf`), content);
  await writeFile(join(handbook, "expected", `${path.replaceAll("/", "-")}.txt`), `${expectedText(content.parts)}\n`);
}
await writeDocx(join(handbook, "documents/policies/parental-leave.docx"), { parts: parentalLeave, title: "Parental leave agreement" });
await writePptx(join(handbook, "documents/company/kick-off-2026.pptx"), kickoffSlides);
await writeXlsx(join(handbook, "documents/products/price-list-2026.xlsx"), priceList);
console.log("examples/handbook: documents and expected text written");
