import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import Pdf from "pdfkit";
import type { Part } from "./content.ts";

const margin = 64;
const gutter = 28;
const sizes = { 1: 22, 2: 15, 3: 12 } as const;

interface Frame {
  x: number;
  width: number;
  top: number;
}

/** Lays parts out on A4 pages with a running header and page numbers, as an office program would. */
export async function writePdf(path: string, options: { parts: readonly Part[]; title: string; header: string }): Promise<void> {
  const { parts, title, header } = options;
  const created = new Date("2026-05-12T08:00:00Z");
  const pdf = new Pdf({
    size: "A4",
    margins: { top: margin + 16, bottom: margin, left: margin, right: margin },
    bufferPages: true,
    info: { Title: title, Author: "Larkfield Instruments", CreationDate: created, ModDate: created },
  });
  const stream = createWriteStream(path);
  pdf.pipe(stream);
  const full = pdf.page.width - 2 * margin;
  let bottom = pdf.page.height - margin - 8;
  let frame: Frame = { x: margin, width: full, top: margin + 16 };
  let nextFrame: (() => Frame) | null = null;

  /** Moves to the next column, or the next page, when `height` does not fit any more. */
  function reserve(height: number): void {
    if (pdf.y + height <= bottom) return;
    if (nextFrame) frame = nextFrame();
    else {
      pdf.addPage();
      frame = { ...frame, top: margin + 16 };
    }
    pdf.x = frame.x;
    pdf.y = frame.top;
  }

  function write(text: string, style: { font: string; size: number; gap: number; indent?: number; align?: "left" | "justify" }): void {
    const { font, size, gap, indent = 0, align = "left" } = style;
    pdf.font(font).fontSize(size);
    const width = frame.width - indent;
    reserve(Math.min(pdf.heightOfString(text, { width, align }), bottom - frame.top));
    pdf.text(text, frame.x + indent, pdf.y, { width: frame.width - indent, align, lineGap: 1 });
    pdf.y += gap;
  }

  function render(part: Part): void {
    switch (part.type) {
      case "heading": {
        pdf.y += part.level === 1 ? 0 : 6;
        reserve(60);
        write(part.text, { font: "Helvetica-Bold", size: sizes[part.level], gap: 6 });
        if (part.level < 3) pdf.outline.addItem(part.text);
        break;
      }
      case "paragraph":
        write(part.text, { font: "Helvetica", size: 10, gap: 8, align: nextFrame ? "justify" : "left" });
        break;
      case "list":
        for (const [index, item] of part.items.entries()) {
          reserve(16);
          const y = pdf.y;
          pdf
            .font("Helvetica")
            .fontSize(10)
            .text(part.ordered ? `${index + 1}.` : "•", frame.x + 4, y, { lineBreak: false });
          pdf.y = y;
          write(item, { font: "Helvetica", size: 10, gap: 3, indent: 20 });
        }
        pdf.y += 5;
        break;
      case "table": {
        const width = frame.width / part.header.length;
        for (const [rowIndex, row] of [part.header, ...part.rows].entries()) {
          const font = rowIndex === 0 ? "Helvetica-Bold" : "Helvetica";
          pdf.font(font).fontSize(9);
          const height = Math.max(...row.map((cell) => pdf.heightOfString(cell, { width: width - 8 }))) + 8;
          reserve(height);
          const y = pdf.y;
          for (const [column, cell] of row.entries()) pdf.text(cell, frame.x + column * width + 4, y + 4, { width: width - 8 });
          pdf
            .moveTo(frame.x, y + height)
            .lineTo(frame.x + frame.width, y + height)
            .lineWidth(rowIndex === 0 ? 1 : 0.4)
            .stroke("#555555");
          pdf.fillColor("black");
          pdf.y = y + height;
        }
        pdf.y += 10;
        break;
      }
      case "columns": {
        const width = (full - gutter) / 2;
        const top = pdf.y;
        const pageBottom = bottom;
        bottom = Math.min(bottom, top + part.heightPoints);
        let column = 0;
        frame = { x: margin, width, top };
        nextFrame = () => {
          column += 1;
          if (column % 2 === 1) return { x: margin + width + gutter, width, top: column === 1 ? top : margin + 16 };
          pdf.addPage();
          return { x: margin, width, top: margin + 16 };
        };
        for (const inner of part.parts) render(inner);
        nextFrame = null;
        bottom = pageBottom;
        frame = { x: margin, width: full, top: margin + 16 };
        pdf.x = margin;
        break;
      }
      case "page-break":
        pdf.addPage();
        pdf.y = margin + 16;
        break;
    }
  }
  pdf.y = frame.top;
  for (const part of parts) render(part);

  const { count } = pdf.bufferedPageRange();
  for (let page = 0; page < count; page++) {
    pdf.switchToPage(page);
    // Text below the bottom margin would start a new page.
    pdf.page.margins = { top: 0, bottom: 0, left: 0, right: 0 };
    pdf.font("Helvetica").fontSize(8).fillColor("#444444");
    pdf.text(header, margin, 36, { width: full, lineBreak: false });
    pdf.text(`Page ${page + 1} of ${count}`, margin, pdf.page.height - 40, { width: full, align: "center", lineBreak: false });
  }
  pdf.end();
  await finished(stream);
}

/** What a reader of the laid-out document should get: no running header, no page numbers, columns one after the other. */
export function expectedText(parts: readonly Part[]): string {
  const blocks: string[] = [];
  for (const part of parts) {
    switch (part.type) {
      case "heading":
      case "paragraph":
        blocks.push(part.text);
        break;
      case "list":
        blocks.push(part.items.map((item, index) => (part.ordered ? `${index + 1}. ${item}` : item)).join("\n"));
        break;
      case "table":
        blocks.push([part.header, ...part.rows].map((row) => row.join(" | ")).join("\n"));
        break;
      case "columns":
        blocks.push(expectedText(part.parts));
        break;
      case "page-break":
        break;
    }
  }
  return blocks.join("\n\n");
}
