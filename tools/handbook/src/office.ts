import { writeFile } from "node:fs/promises";
import { Document, HeadingLevel, Packer, Paragraph, Table, TableCell, TableRow, TextRun, WidthType } from "docx";
import exceljs from "exceljs";
import PptxGenJS from "pptxgenjs";
import type { Part } from "./content.ts";

const levels = { 1: HeadingLevel.HEADING_1, 2: HeadingLevel.HEADING_2, 3: HeadingLevel.HEADING_3 } as const;

export async function writeDocx(path: string, options: { parts: readonly Part[]; title: string }): Promise<void> {
  const children: (Paragraph | Table)[] = [];
  for (const part of options.parts) {
    if (part.type === "heading") children.push(new Paragraph({ heading: levels[part.level], children: [new TextRun(part.text)] }));
    else if (part.type === "paragraph") children.push(new Paragraph(part.text));
    else if (part.type === "table") {
      const rows = [part.header, ...part.rows].map(
        (row, index) =>
          new TableRow({ tableHeader: index === 0, children: row.map((cell) => new TableCell({ children: [new Paragraph(cell)] })) }),
      );
      children.push(new Table({ rows, width: { size: 100, type: WidthType.PERCENTAGE } }));
    } else throw new Error(`a DOCX of the handbook has no ${part.type}`);
  }
  const document = new Document({ title: options.title, creator: "Larkfield Instruments", sections: [{ children }] });
  await writeFile(path, await Packer.toBuffer(document));
}

/** The module's types declare a namespace whose default is the class; what Node imports is the class itself. */
function newPresentation(): PptxGenJS.default {
  return Reflect.construct(PptxGenJS as unknown as typeof PptxGenJS.default, []);
}

export async function writePptx(path: string, slides: readonly { title: string; bullets: string[]; notes: string }[]): Promise<void> {
  const presentation = newPresentation();
  presentation.title = slides[0]?.title ?? "";
  presentation.defineSlideMaster({
    title: "PLAIN",
    objects: [
      { placeholder: { options: { name: "title", type: "title", x: 0.5, y: 0.3, w: 9, h: 1 }, text: "" } },
      { placeholder: { options: { name: "body", type: "body", x: 0.5, y: 1.5, w: 9, h: 3.5 }, text: "" } },
    ],
  });
  for (const { title, bullets, notes } of slides) {
    const slide = presentation.addSlide({ masterName: "PLAIN" });
    slide.addText(title, { placeholder: "title" });
    slide.addText(
      bullets.map((text) => ({ text, options: { bullet: true, breakLine: true } })),
      { placeholder: "body" },
    );
    slide.addNotes(notes);
  }
  await presentation.writeFile({ fileName: path });
}

export async function writeXlsx(
  path: string,
  sheets: readonly { sheet: string; header: string[]; rows: (string | number)[][] }[],
): Promise<void> {
  const workbook = new exceljs.Workbook();
  workbook.creator = "Larkfield Instruments";
  workbook.created = new Date("2026-01-02T08:00:00Z");
  for (const { sheet, header, rows } of sheets) {
    const worksheet = workbook.addWorksheet(sheet);
    worksheet.addRow(header).font = { bold: true };
    for (const row of rows) worksheet.addRow(row);
  }
  await workbook.xlsx.writeFile(path);
}
