/** An explanation of a lookup in plain words: what was read, what was asked, who knew, and why each person is listed. */

import { h, lasting, own, regionName } from "./service.js";

const READ_AS = Object.freeze({
  extension: "An extension: a colleague. The directory is not asked.",
  withheld: "The caller shows no number. The directory is not asked.",
});

const REASONS = Object.freeze({
  placeholder: "It is a variable that the phone system did not fill in.",
  text: "It is a text without a telephone number.",
  too_short: "It is too short for a number.",
  too_long: "It is too long for a number.",
  not_in_plan: "No numbering plan has such a number.",
  no_region: "It names no country, and no region is set to read it in.",
});

const RULES = Object.freeze({
  e164: ["Exact number", "is exactly this number, its country included."],
  national: ["Same national number", "names no country. Read in the caller’s country, it is this number."],
  suffix: ["Only the last digits agree", "is known by its last seven digits only. It may be somebody else."],
  supportID: ["Support ID", "is their support ID."],
  employeeID: ["Employee ID", "is their employee ID, letter for letter."],
});

const FORMS = Object.freeze({ national: "National digits", e164: "E.164", digits: "E.164 without its sign" });

const TIERS = Object.freeze({
  memory: "Memory of this process", redis: "Redis, shared by all replicas", directory: "Directory", stale: "An old answer",
});

const STATES = Object.freeze({
  fresh: "knows, and is fresh", old: "knows, but is old", unknown: "does not know", asked: "was asked now",
  not_asked: "not asked: another tier knows", foreign: "told of people who have nothing to do with the number",
  quota: "could not be asked: the quota is used up", throttled: "refused: too many requests", timeout: "did not answer in time",
  connection: "cannot be reached", open: "is left alone after several faults", busy: "could not be asked: too many requests under way",
  recent: "failed moments ago, and is not asked yet", unauthorized: "refused the service’s token", forbidden: "does not allow the question",
});

const STRENGTHS = Object.freeze({
  certain: "a full number", national: "a number without its country", unsure: "a country code without its sign, perhaps",
  local: "the tail of a North American number",
});

/** Say why something is no telephone number; nothing where there is no reason. */
export const whyNot = (reason) => REASONS[reason] ?? "";

/** Say by which rule a stored number met the caller, as a badge and a sentence. */
export function reasonOf({ rule, label, telephone }) {
  const [short, because] = RULES[rule] ?? [rule, "matched."];
  const stored = telephone ? [label ? `The stored ${label} number ` : "The stored number ", quoted(telephone)] : ["What is stored"];
  return h("p", { class: `reason is-${rule}` }, h("span", { class: "badge" }, short), " ", stored, ` ${because}`);
}

const quoted = (text) => ["“", h("bdi", { class: "stored" }, text), "”"];

/** Draw an explanation: the answer to `GET /v1/explain`. */
export function explanationOf({ caller, lookup, quota }) {
  return h(
    "ol", { class: "steps" },
    step("How the number is read", readOf(caller, lookup)),
    Object.keys(lookup.forms).length > 0 && step("What the directory is asked", formsOf(lookup)),
    lookup.tiers.length > 0 && step("Who knows the answer", tiersOf(lookup.tiers)),
    lookup.matches && step("Who is listed", matchesOf(lookup)),
    lookup.candidates && step("Whom the directory returned", candidatesOf(lookup.candidates)),
    quota && step("What is left of the directory’s quota", quotaOf(quota)),
  );
}

const step = (title, ...content) => h("li", { class: "step" }, h("h3", {}, title), ...content);

function readOf(caller, lookup) {
  const time = h("span", { class: "aside" }, ` Read in ${lasting(lookup.read_seconds)}.`);
  if (lookup.read_as === "number") {
    const region = caller.region ? `, in ${regionName(caller.region)}` : "";
    return h("p", {}, quoted(caller.raw), " is ", strong(caller.e164 ?? caller.national), region, ".", extensionOf(caller), time);
  }
  const said = READ_AS[lookup.read_as] ?? `This is no telephone number. ${whyNot(lookup.reason)}`;
  return h("p", {}, caller.raw ? quoted(caller.raw) : "Nothing was sent", ". ", said, time);
}

const strong = (text) => h("strong", { class: "number" }, own(text));
const extensionOf = ({ extension }) => extension && [" Its extension is ", strong(extension), "."];

function formsOf({ forms, sent }) {
  const rows = Object.entries(forms).map(([form, text]) => [
    FORMS[form] ?? form, number(text), text === sent ? h("span", { class: "badge is-good" }, "sent") : "–",
  ]);
  const others = Object.values(forms).includes(sent) || !sent ? [] : [["Last digits", number(sent), h("span", { class: "badge is-good" }, "sent")]];
  return table("Forms of the number", ["Form", "telephone=", "Sent"], [...rows, ...others]);
}

const number = (text) => h("span", { class: "number" }, own(text));

function tiersOf(tiers) {
  const rows = tiers.map((tier) => [
    TIERS[tier.tier] ?? tier.tier,
    STATES[tier.state] ?? `could not be asked: ${tier.state}`,
    tier.outcome ?? "–",
    tier.age_seconds === null ? "–" : lasting(tier.age_seconds),
    tier.fresh_for_seconds === null ? "–" : lasting(tier.fresh_for_seconds),
    tier.state === "not_asked" ? "–" : lasting(tier.seconds),
  ]);
  return table("Tiers", ["Tier", "State", "Outcome", "Age", "Fresh for", "Took"], rows);
}

function matchesOf({ matches, truncated }) {
  if (matches.length === 0) return h("p", {}, "Nobody: the directory knows no one who has this number.");
  const rows = matches.map((one, index) => [
    String(index + 1), own(one.name), RULES[one.rule]?.[0] ?? one.rule, one.telephone ? [one.label && `${one.label}: `, h("bdi", { class: "stored" }, one.telephone)] : "–",
  ]);
  return [
    table("People who are listed, best first", ["", "Name", "Rule", "Stored number that matched"], rows),
    truncated && h("p", { class: "aside" }, "More people may have the number: the directory tells no more than ten."),
  ];
}

function candidatesOf(candidates) {
  if (candidates.length === 0) return h("p", {}, "Nobody.");
  return table("People the directory returned", ["Name", "Listed", "Their stored numbers, and how each is read"], candidates.map((one) => [
    [own(one.name), one.disabled && h("span", { class: "aside" }, " disabled")],
    one.position ? `${one.position}. ${RULES[one.rule]?.[0] ?? one.rule}` : h("span", { class: "badge is-bad" }, "no"),
    h("ul", { class: "readings" }, one.contacts.map(contactOf)),
  ]));
}

function contactOf({ label, telephone, readings }) {
  const read = readings.map((reading) => [
    number(reading.digits), ` ${STRENGTHS[reading.strength] ?? reading.strength}`, reading.extension && `, extension ${reading.extension}`,
    reading.rule ? " – it is this number" : " – it is another number",
  ]);
  const said = readings.length > 0 ? read.map((one, index) => [index > 0 && "; ", one]) : label === "fax" ? "a fax never matches" : "holds no number";
  return h("li", {}, `${label}: `, quoted(telephone), h("span", { class: "aside" }, " → ", said));
}

function quotaOf({ hour, burst, paused }) {
  return h("p", {}, `${hour} requests of this hour, ${burst} of these two seconds.`, paused > 0 && ` Nobody asks for another ${lasting(paused)}.`);
}

/** Draw a table that scrolls in itself on a narrow screen. */
function table(caption, heads, rows) {
  return h(
    "div", { class: "scrolls", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {},
      h("thead", {}, h("tr", {}, heads.map((head) => (head ? h("th", { scope: "col" }, head) : h("td", {}))))),
      h("tbody", {}, rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), rest.map((cell) => h("td", {}, cell)))))),
  );
}
