import { describe, expect, it } from "vitest";
import { isAbstention } from "./abstention.ts";

describe("isAbstention", () => {
  it.each([
    "The documents do not hold an answer to this question.",
    "I don't know.",
    "I cannot find that in the sources.",
    "There is no information about the salary in the provided context.",
    "The Wi-Fi password is not mentioned.",
    "The name of the bank is not given in these documents. You may ask Finance.",
    "It cannot be determined from the text.",
    "The provided passages don't say who won.",
    "Unknown.",
    "",
    " … ",
    "Dazu finden sich keine Angaben.",
  ])("hears it in %j", (answer) => expect(isAbstention(answer)).toBe(true));

  it.each([
    "Damage by lightning is not covered by the warranty.",
    "Breakfast is not included.",
    "Nobody may know the password.",
    "The API does not return data while it is recalibrated.",
    "Employees who do not answer within a day are reminded.",
    "The station has no heater.",
    "Version 1 is not available after September.",
  ])("does not hear it in %j", (answer) => expect(isAbstention(answer)).toBe(false));

  it("takes a cited answer for an answer, and so a long one that goes on", () => {
    expect(isAbstention("The policy does not say so, but the manual does.", { hasCitations: true })).toBe(false);
    const long = "The documents do not say it directly. Yet one follows. And two. And three. And four.";
    expect(isAbstention(long)).toBe(false);
  });
});
