import { parseDocument } from "../parse-document.ts";
import { denyNetwork } from "./deny-network.ts";
import { serveParses } from "./serve-parses.ts";

denyNetwork();
serveParses(parseDocument);
