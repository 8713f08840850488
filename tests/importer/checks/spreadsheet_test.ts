import assert from "node:assert/strict";
import fc from "fast-check";
import { guard, isGuarded, spreadsheetChanges } from "../../../src/importer/checks/spreadsheet.ts";

/** Returns a value the way the import reads it. */
const taken = (value: string) => isGuarded(value) ? value.slice(1) : value;

const RUN = [
  "=cmd|'/c calc'!A0",
  "=",
  "+1 613",
  "-5",
  "-",
  "@x",
  "＝1+1",
  "＋1",
  "－1",
  "＠x",
  "\tx",
  "\r=1",
  "=\n",
  "\n=1",
];
const REWRITTEN = [
  ...["00", "007", "0123456789", "1234567890123456", "12345678901234567890", "1E5", "1e5", "12E+3", "3.5e-2", "2.E8"],
  ...["1999-12-31", "1999-1-1", "31.12.1999", "12/31/99", "1/2", "3-4", "12.5", "2024/05", "1-2-3"],
  ...[
    "12 May",
    "12-May-2024",
    "1mar",
    "may 12",
    "May-24",
    "SEPT2",
    "oct4",
    "December 24, 2024",
    "4 juil. 2024",
    "1 août",
  ],
  ...["12 févr", "3 DÉC 99", "1/jan/2024", "2024-May-12", "2024 Dec", "1. mai", "31.12.", "1999-12-31T12:30:45"],
  ...["Monday, December 24, 2024", "lundi 24 décembre 2024", "Mon 24 Dec 2024", "12/31/1999 11:59 PM"],
  ...["12:30", "9:5", "12:30:45.5", "12:30 pm", "5AM", "10 a", "1 1/2", "true", "FALSE", "Vrai"],
  ...["1,234", "1,234.50", "1.234,50", "12 345", "12\u00a0345,5", "1'234", "0,50", ".5", "5.", ".5E3", "1,5e3"],
  ...["123456789012345.67", "123,456,789,012,345,678", "50%", "50 %", "$5", "$1,234.00", "5 €", "(5)", "($5)", "00-"],
  ...[" 007", "007 ", " 1E5 ", "\u00a01/2", " +5"],
];
const REWRITTEN_ELSEWHERE = [
  // Dates without a day or a year, with month names in German, Spanish, French and other languages.
  ...[
    "Mar 5",
    "5 Mar",
    "Jan-24",
    "ene-24",
    "Mrz 5",
    "5. Mai",
    "1. März",
    "3 Maerz",
    "Dez 24",
    "24. Dezember 2024",
    "Okt-24",
  ],
  ...[
    "5 de mayo",
    "5 de mayo de 2024",
    "1 ago",
    "dic-24",
    "5 févr. 2024",
    "août 24",
    "5-juil-24",
    "mag 5",
    "3 fev",
    "5 mrt",
  ],
  ...["Montag, 5. Mai 2024", "lunes, 5 de mayo de 2024", "lun. 5/5/2024", "Do 5.5.2024", "2024年5月12日", "5月12日"],
  ...["5/2024", "05/2024", "12-2024", "1 / 2", "1 - 2", "May 5, 2024", "Mar-5-2024", "5.5.2024 12:30"],
  ...["1999-12-31T12:30:45Z", "1999-12-31T12:30:45+01:00"],
  // Fractions, percentages, amounts of money, times and truth values.
  ...[
    "1/3",
    "22/7",
    "1 22/7",
    "355/113",
    "%5",
    "5,5 %",
    "$-5",
    "$ 5",
    "€ 5",
    "5€",
    "₹5",
    "R$ 5",
    "5 EUR",
    "CHF 5",
    "5 kr",
  ],
  ...["5:30 p.m.", "12:30 Uhr", "12h30", "17h", "24:00:00", "WAHR", "falsch", "Verdadero", "FALSO", "vero"],
  ...["12,34,567", "1.234,5", "1 234", "1’234"],
];
const LEFT_ALONE = [
  ...[
    "",
    "x",
    "0",
    "7",
    "123456789012345",
    "O'Neil",
    "'t Hooft",
    "'",
    "''",
    " =1",
    "a=b",
    "1E",
    "E5",
    "1E5x",
    "0x1F",
    ".",
    "%",
    "$",
    "()",
  ],
  ...[
    "12 Main",
    "Suite 100",
    "Room 12",
    "12 Mainstreet",
    "613-555-0100",
    "613 555 0100",
    "613.555.0100",
    "(613) 555-0100",
    "K1A 0B1",
    "May",
    "Augusta 7b",
    "Juno 5",
    "Marty 12",
  ],
  ...["12 Mayfield", "1999-12-31x", "12345", "1.2.3.4", "１２", "5 cm", "10 b", "12:", "True North", " 7 "],
];

Deno.test("values that a spreadsheet would run or rewrite get an apostrophe; all others stay unchanged", () => {
  for (const value of [...RUN, ...REWRITTEN, ...REWRITTEN_ELSEWHERE]) {
    assert.equal(guard(value), `'${value}`);
    assert.ok(isGuarded(`'${value}`));
    assert.equal(taken(guard(value)), value);
  }
  for (const value of LEFT_ALONE) {
    assert.equal(guard(value), value);
    assert.ok(!isGuarded(value));
    assert.ok(!isGuarded(`'${value}`), value);
  }
});

const pieces = fc.array(
  fc.constantFrom(
    "'",
    "=",
    "+",
    "-",
    "@",
    "＝",
    "＠",
    "\t",
    "\r",
    "\n",
    "0",
    "1",
    "12",
    "E",
    ".",
    "/",
    " ",
    "May",
    "é",
    "\u00a0",
    "345",
    ",",
    ":",
    "%",
    "$",
    "(",
    "pm",
    "true",
  ),
  { maxLength: 8 },
).map((list) => list.join(""));
const anyValue = fc.oneof(
  pieces,
  fc.string({ unit: "binary" }),
  fc.constantFrom(...RUN, ...REWRITTEN, ...REWRITTEN_ELSEWHERE, ...LEFT_ALONE),
);

Deno.test("the import reads any value the same with and without its spreadsheet guard", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      assert.equal(taken(guard(value)), taken(value));
      if (!value.startsWith("'")) assert.equal(taken(guard(value)), value);
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("no written value can run as a formula, and a second guard is never added", () => {
  fc.assert(
    fc.property(anyValue, (value) => {
      assert.ok(!spreadsheetChanges(guard(value)));
      assert.match(guard(value), /^(?![=+\-@＝＋－＠\t\r])/);
      assert.equal(guard(guard(value)), guard(value));
    }),
    { numRuns: 20_000 },
  );
});

Deno.test("every number with a leading zero, with more than 15 digits or with an exponent is guarded", () => {
  const digits = (most: number) =>
    fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: most }).map((list) => list.join(""));
  fc.assert(
    fc.property(digits(30), digits(3), (number, exponent) => {
      assert.equal(guard(`0${number}`), `'0${number}`);
      assert.equal(guard(`1234567890123456${number}`), `'1234567890123456${number}`);
      assert.equal(guard(`1${number}E${exponent}`), `'1${number}E${exponent}`);
    }),
  );
});
