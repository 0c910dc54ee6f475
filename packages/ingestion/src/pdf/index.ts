export { createPdfParser, pdfMediaType } from "./pdf-parser.ts";
export { extractRawPdfText } from "./extract-raw-pdf-text.ts";
