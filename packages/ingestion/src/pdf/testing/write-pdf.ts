import Pdf from "pdfkit";

/** A PDF drawn by the callback, as bytes. A4, uncompressed unless asked. */
export function writePdf(draw: (pdf: InstanceType<typeof Pdf>) => void, options: Record<string, unknown> = {}): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pdf = new Pdf({ size: "A4", margin: 60, autoFirstPage: true, ...options });
    const parts: Buffer[] = [];
    pdf.on("data", (part: Buffer) => parts.push(part));
    pdf.on("end", () => resolve(Buffer.concat(parts)));
    pdf.on("error", reject);
    draw(pdf);
    pdf.end();
  });
}

/** One line at a place, measured from the top left, without any breaking of lines. */
export function put(pdf: InstanceType<typeof Pdf>, text: string, place: { x: number; y: number; size?: number; bold?: boolean }): void {
  pdf.font(place.bold === true ? "Helvetica-Bold" : "Helvetica").fontSize(place.size ?? 10);
  pdf.text(text, place.x, place.y, { lineBreak: false });
}
