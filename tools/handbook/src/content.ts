/** A document as a list of parts; the files and the expected text are both made from it. */
export type Part =
  | { type: "heading"; level: 1 | 2 | 3; text: string }
  | { type: "paragraph"; text: string }
  | { type: "list"; items: string[]; ordered?: boolean }
  | { type: "table"; header: string[]; rows: string[][] }
  | { type: "columns"; heightPoints: number; parts: Part[] }
  | { type: "page-break" };

const heading = (level: 1 | 2 | 3, text: string): Part => ({ type: "heading", level, text });
const paragraph = (text: string): Part => ({ type: "paragraph", text });
const list = (...items: string[]): Part => ({ type: "list", items });
const steps = (...items: string[]): Part => ({ type: "list", items, ordered: true });
const table = (header: string[], ...rows: string[][]): Part => ({ type: "table", header, rows });

export const userManual: Part[] = [
  heading(1, "Skua 4 user manual"),
  paragraph(
    "This manual describes the weather station Skua 4 with firmware 4.2 or later. Keep it for as long as you own the station and pass it on to the next owner.",
  ),
  heading(2, "1 What is in the box"),
  list(
    "the sensor head with the ultrasonic anemometer",
    "the rain gauge with its leaf guard",
    "the base unit with the display",
    "two batteries of type LF-26",
    "a mounting kit and a hexagon key of 5 mm",
  ),
  heading(2, "2 First start"),
  paragraph(
    "Insert both batteries and wait until the display shows a code of six digits. Enter this code in the Skua app within ten minutes. The station then looks for the network by itself, which takes up to three minutes.",
  ),
  paragraph(
    "If the display shows the letters NS, no network was found. Move the base unit closer to a window and press the round key for two seconds to try again.",
  ),
  heading(3, "2.1 Status light"),
  table(
    ["Light", "Meaning", "What to do"],
    ["green", "measuring and connected", "nothing"],
    ["blue, blinking", "pairing", "enter the code in the app"],
    ["yellow", "measuring, no network", "check the router"],
    ["red", "a sensor has failed", "call support"],
  ),
  { type: "page-break" },
  heading(2, "3 Care"),
  paragraph(
    "Clean the leaf guard of the rain gauge every three months, and every month in autumn. Wipe the sensor head with a damp cloth twice a year. Never use solvents, because they make the plastic brittle.",
  ),
  paragraph(
    "The batteries last about 26 months. Replace both at the same time, even when only one of them is empty. The station keeps its settings without batteries for 72 hours.",
  ),
  heading(3, "3.1 Calibration"),
  paragraph(
    "The pressure sensor should be calibrated every two years by the Brackwater workshop. A calibration costs 140 euros and takes five working days. The wind sensor needs no calibration.",
  ),
  heading(2, "4 Resetting"),
  paragraph(
    "Hold the round key for twelve seconds until the display goes dark. This deletes the network settings but not the measurements. To delete the measurements as well, hold the round key and the square key together for twenty seconds.",
  ),
  { type: "page-break" },
  heading(2, "5 Technical data"),
  table(
    ["Quantity", "Range", "Accuracy"],
    ["Wind speed", "0 to 75 m/s", "0.3 m/s"],
    ["Wind direction", "0 to 360 degrees", "2 degrees"],
    ["Temperature", "-40 to 60 °C", "0.2 °C"],
    ["Humidity", "0 to 100 %", "2 %"],
    ["Air pressure", "500 to 1100 hPa", "0.5 hPa"],
    ["Rain", "up to 200 mm/h", "4 %"],
  ),
  paragraph(
    "The sensor head weighs 1.9 kilograms and has the protection class IP66. The base unit weighs 310 grams and must stay indoors.",
  ),
  heading(2, "6 Disposal"),
  paragraph(
    "Do not put the station into household waste. Larkfield takes every station back free of charge at the service depot in Rotterdam.",
  ),
];

export const annualReport: Part[] = [
  heading(1, "Annual report 2025"),
  paragraph(
    "To our employees, customers and owners. This report covers the financial year from 1 January to 31 December 2025. All amounts are in millions of euros unless stated otherwise.",
  ),
  {
    type: "columns",
    heightPoints: 410,
    parts: [
      heading(2, "The year in brief"),
      paragraph(
        "Revenue grew by nine per cent to 61.8 million euros. The launch of the Skua 4 in October came two months later than planned, because the supplier of the ultrasonic transducers moved its factory. In spite of this the fourth quarter was the strongest in the history of the company.",
      ),
      paragraph(
        "The operating result was 7.4 million euros after 6.1 million euros in the year before. The owners receive a dividend of 1.2 million euros; the rest stays in the company.",
      ),
      heading(2, "Customers"),
      paragraph(
        "Farms remain the largest group of customers with 44 per cent of revenue, followed by airports with 23 per cent and by shipping with 18 per cent. The largest single order came from the airport of Bergen, which bought 86 stations.",
      ),
      heading(2, "Research"),
      paragraph(
        "Larkfield spent 8.9 million euros on research and development, which is 14.4 per cent of revenue. The test field at Grimsel recorded a gust of 68 metres per second on 24 February 2025, the highest value since it was opened.",
      ),
      heading(2, "People"),
      paragraph(
        "At the end of the year 289 people worked for Larkfield, 17 more than a year before. Twelve apprentices began their training. The share of women in leading positions rose from 31 to 36 per cent.",
      ),
      heading(2, "Environment"),
      paragraph(
        "The workshop in Brackwater has been running on electricity from its own roof since June 2025. Emissions fell by 21 per cent compared with 2024. The aim is to halve the emissions of 2020 by the end of 2028.",
      ),
      heading(2, "Outlook"),
      paragraph(
        "For 2026 we expect revenue between 66 and 69 million euros. The greatest risk is the supply of transducers, for which a second supplier will be qualified by the summer.",
      ),
    ],
  },
  { type: "page-break" },
  heading(2, "Figures by region"),
  table(
    ["Region", "Revenue 2024", "Revenue 2025", "Change"],
    ["Germany", "24.1", "25.3", "+5 %"],
    ["Norway", "9.8", "12.2", "+24 %"],
    ["Switzerland", "8.7", "9.1", "+5 %"],
    ["Other Europe", "10.4", "11.0", "+6 %"],
    ["Rest of the world", "3.7", "4.2", "+14 %"],
  ),
  heading(2, "Board"),
  paragraph(
    "The managing director is Ines Halvorsen. Maren Oduya leads product development, Tobias Brandt leads people and organisation, and Chipo Ndlovu leads operations. Luc Ferrand has led customer service since May 2025.",
  ),
];

export const installationGuide: Part[] = [
  heading(1, "Installation and safety guide"),
  paragraph("Read this guide before you mount a Skua station. Work on masts is dangerous; two people are always needed."),
  heading(2, "Choosing the place"),
  paragraph(
    "Mount the wind sensor at a height of ten metres above open ground. The distance to trees and buildings is at least ten times their height. The rain gauge stands one metre above the ground on a separate pole.",
  ),
  heading(2, "Mounting the mast"),
  steps(
    "Dig a hole of 80 centimetres depth and fill it with concrete.",
    "Let the concrete set for four days.",
    "Place the mast and check with a spirit level that it is upright.",
    "Tighten the bolts crosswise with the torques of the table.",
    "Connect the earth wire before you mount the sensor head.",
  ),
  table(
    ["Bolt", "Torque", "Tool"],
    ["M6 at the sensor head", "9 Nm", "hexagon key 5 mm"],
    ["M10 at the mast clamp", "45 Nm", "spanner 17 mm"],
    ["M16 at the foundation", "180 Nm", "spanner 24 mm"],
  ),
  heading(2, "Lightning"),
  paragraph(
    "The earth wire has a cross-section of at least 16 square millimetres and is as short as possible. Stop all work when thunder is heard and wait for thirty minutes after the last thunder.",
  ),
  { type: "page-break" },
  heading(2, "Electrical safety"),
  paragraph(
    "The power supply delivers 24 volts. Only electricians may open the supply unit. Disconnect the supply before you touch the heater of the rain gauge, which reaches 70 degrees.",
  ),
  heading(2, "Working in winter"),
  paragraph(
    "Do not climb a mast that is covered with ice. Below minus 15 degrees the plastic clamps become brittle and must not be tightened.",
  ),
  heading(2, "Inspection"),
  paragraph(
    "Guy ropes are inspected every six months and replaced after eight years. The result of each inspection is written into the log book, which is kept with the base unit.",
  ),
];

export const parentalLeave: Part[] = [
  heading(1, "Parental leave agreement"),
  paragraph("This agreement between Larkfield Instruments and the works council is valid from 1 April 2026."),
  heading(2, "Duration"),
  paragraph(
    "Parents can take up to 36 months of parental leave for each child. Larkfield pays 80 per cent of the net salary for the first four months if both parents take leave.",
  ),
  heading(2, "Notice"),
  paragraph("The leave is requested in writing seven weeks before it begins. People Operations confirms the request within ten days."),
  heading(2, "Return"),
  paragraph("After the leave employees return to an equal position. Working time can be reduced to 60 per cent for up to three years."),
  table(["Month of leave", "Share of net salary"], ["1 to 4", "80 per cent"], ["5 to 12", "state allowance only"], ["13 to 36", "unpaid"]),
];

export const kickoffSlides: { title: string; bullets: string[]; notes: string }[] = [
  { title: "Kick-off 2026", bullets: ["Larkfield Instruments", "15 January 2026, Brackwater"], notes: "Welcome by Ines Halvorsen." },
  {
    title: "Three goals for 2026",
    bullets: [
      "Ship 9,000 Skua 4 stations",
      "Qualify a second supplier of transducers by June",
      "Answer 95 per cent of support requests in time",
    ],
    notes: "The first goal is 1,500 stations above the number of 2025.",
  },
  {
    title: "Project Petrel",
    bullets: [
      "A weather buoy for fish farms",
      "Project lead: Sunniva Aas",
      "First sea trial in August 2026 near Bergen",
      "Budget 1.1 million euros",
    ],
    notes: "Petrel reuses the electronics of the Skua 4.",
  },
  {
    title: "Dates",
    bullets: ["Summer party on 3 July", "Works outing to Grimsel on 11 September", "Christmas closing from 23 December"],
    notes: "The summer party takes place at the rowing club.",
  },
];

export const priceList: { sheet: string; header: string[]; rows: (string | number)[][] }[] = [
  {
    sheet: "Stations",
    header: ["Article", "Name", "Price in euros", "Delivery time in days"],
    rows: [
      ["SK4-100", "Skua 4", 1890, 10],
      ["SK4-200", "Skua 4 Marine", 2490, 21],
      ["SK4-300", "Skua 4 Alpine with heated sensor head", 2790, 28],
    ],
  },
  {
    sheet: "Spare parts",
    header: ["Article", "Name", "Price in euros", "Delivery time in days"],
    rows: [
      ["LF-26", "Battery", 34, 3],
      ["RG-012", "Leaf guard", 19, 3],
      ["RG-040", "Tipping bucket", 58, 5],
      ["MC-10", "Mast clamp", 72, 7],
    ],
  },
  {
    sheet: "Contracts",
    header: ["Contract", "Price in euros a year", "First answer"],
    rows: [
      ["Standard", 0, "two working days"],
      ["Silver", 240, "one working day"],
      ["Gold", 690, "four hours"],
    ],
  },
];
