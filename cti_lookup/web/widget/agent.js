/**
 * The agent's page: live calls, the call log, a lookup box; and in a demonstration, calls to try it with.
 *
 * The token comes in the address's fragment, in a demonstration from the service, or is pasted. It, and the number that
 * `/pop?telephone=` names, are taken out of the address bar before anything else, and kept in memory only.
 */

import "./cti-caller-lookup.js";
import { explanationOf, reasonOf, whyNot } from "./explanation.js";
import { Refused, ask, h, isHeaderText, lasting, link, localTime, own, regionName } from "./service.js";

const byId = (id) => document.getElementById(id);
const RINGS_FOR = 3000; // milliseconds a sample looks pressed
const TRIES = Object.freeze(["0017139872967", "(713) 987-2967", "+44 20 7946 0100", "+1 800 555 0199", "+33 1 99 00 12 90"]);

const OUTCOMES = Object.freeze({
  matched: ["Found", "is-good"], nobody: ["Nobody", "is-plain"], withheld: ["Withheld", "is-plain"], invalid: ["No number", "is-bad"],
  internal: ["Internal", "is-plain"], unavailable: ["Not available", "is-bad"], pending: ["Not known yet", "is-plain"],
});

const SAID = Object.freeze({
  nobody: "The directory was asked, and knows nobody who has this number.",
  withheld: "The caller shows no number.",
  invalid: "This is no telephone number.",
  internal: "This is an extension: a colleague. The directory is not asked.",
  unavailable: "The directory could not be asked. That is not the same as nobody: try again.",
  pending: "The directory has not answered yet. Try again.",
});

const TIERS = Object.freeze({ memory: "From memory", redis: "From Redis", directory: "From the directory", stale: "An old answer, as the directory is silent" });

const CONNECTIONS = Object.freeze({ idle: "Starting …", connected: "Connected", reconnecting: "Reconnecting …", stopped: "Disconnected" });

/** What the page knows: the token, how to get another, and whom `/pop` is still to look up. */
const page = { token: null, isDemonstration: false, widget: null, looked: 0, popped: null };

// ---------------------------------------------------------------------------------------------- the address

/** Take token and number out of the address bar. */
function takeAddress() {
  const token = new URLSearchParams(location.hash.slice(1)).get("token");
  const asked = new URLSearchParams(location.search);
  history.replaceState(null, "", location.pathname);
  return { token, telephone: asked.get("telephone"), region: asked.get("region"), source: asked.get("source") };
}

// ---------------------------------------------------------------------------------------------- the token

async function tokenOfDemonstration() {
  const told = await ask("demo/token", { method: "POST" });
  page.token = told.token;
  return told.token;
}

/** Read what a token says; its signature is the service's business. */
function claimsOf(token) {
  try {
    const part = token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/");
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (letter) => letter.charCodeAt(0))));
  } catch {
    return {};
  }
}

const seesAll = () => claimsOf(page.token ?? "").role === "supervisor";

function offerSignIn(why = null) {
  if (why) byId("sign-in-why").textContent = why;
  byId("sign-in").hidden = false;
}

function askForToken(why = null) {
  const hadFocus = document.activeElement === document.body;
  offerSignIn(why);
  showConnection("stopped", "Signed out");
  if (hadFocus && !page.widget) byId("token").focus();
}

function takeToken(token) {
  page.token = token;
  byId("sign-in").hidden = true;
  byId("calls").hidden = false;
  byId("look-up").hidden = false;
  const { agents, role } = claimsOf(token);
  byId("agent").textContent = [agents?.length > 0 && `Agent ${agents[0]}`, role === "supervisor" && "sees all calls"].filter(Boolean).join(" · ");
  if (page.widget) page.widget.token = token;
  else followCalls(token);
  if (page.popped) lookUp(page.popped.source);
  page.popped = null;
}

// ---------------------------------------------------------------------------------------------- calls

function followCalls(token) {
  const widget = document.createElement("cti-caller-lookup");
  for (const name of ["log", "sound", "notifications"]) widget.toggleAttribute(name, true);
  widget.setAttribute("server", "./");
  widget.addEventListener("cti-state", ({ detail }) => {
    showConnection(detail.state);
    if (detail.state === "stopped" && detail.reason) askForToken("The service does not take this token any more. Ask for another.");
  });
  widget.addEventListener("cti-token-needed", () => {
    if (page.isDemonstration) return;
    if (widget.state === "connected") offerSignIn("Your token ends soon. Sign in again to go on.");
    else askForToken("Your token has expired. Sign in again to go on.");
  });
  if (page.isDemonstration) widget.tokenProvider = tokenOfDemonstration;
  widget.token = token;
  page.widget = widget;
  byId("calls").append(widget);
}

function showConnection(state, words = CONNECTIONS[state]) {
  const shown = byId("connection");
  if (shown.dataset.state === state && shown.textContent === words) return;
  shown.dataset.state = state;
  shown.textContent = words ?? state;
}

// ---------------------------------------------------------------------------------------------- ring me

async function offerSamples() {
  const { events } = await ask("demo/events");
  byId("samples").replaceChildren(...events.map((sample) => h("li", {}, sampleButton(sample))));
  byId("ring").hidden = events.length === 0;
  byId("tries").hidden = false;
  byId("tries").append(...TRIES.map((text) => h("button", { class: "try", type: "button", click: () => tryNumber(text) }, own(text))));
}

function sampleButton(sample) {
  const button = h(
    "button", { class: "sample", type: "button", "data-sample": sample.id },
    h("span", { class: "sample-title" }, sample.title),
    h("span", { class: "sample-shows" }, sample.shows),
    h("span", { class: "sample-line" }, h("span", { class: "badge" }, sample.system), h("span", { class: "number" }, own(/\d/.test(sample.caller) ? sample.caller : "no number"))),
  );
  button.addEventListener("click", () => ring(sample, button));
  return button;
}

async function ring(sample, button) {
  button.dataset.ringing = "";
  setTimeout(() => delete button.dataset.ringing, RINGS_FOR);
  try {
    await ask("demo/ring", { method: "POST", body: { event: sample.id } });
    byId("ring-status").textContent = `${sample.system} rings: “${sample.title}”.`;
    if (globalThis.matchMedia("(max-width: 62rem)").matches) byId("calls").scrollIntoView({ block: "start", behavior: "smooth" });
  } catch (fault) {
    delete button.dataset.ringing;
    byId("ring-status").textContent = fault instanceof Refused ? fault.message : "The call could not be played.";
  }
}

function tryNumber(text) {
  byId("telephone").value = text;
  lookUp();
}

// ---------------------------------------------------------------------------------------------- look up

/** Ask with the token; where a demonstration's has expired, once more with a new one. */
async function askWithToken(route, query) {
  try {
    return await ask(route, { bearer: page.token, query });
  } catch (fault) {
    if (fault.status !== 401 || !page.isDemonstration) throw fault;
    return ask(route, { bearer: await tokenOfDemonstration(), query });
  }
}

async function lookUp(source = null) {
  const mine = ++page.looked;
  const query = { telephone: byId("telephone").value, region: byId("region").value.trim(), source };
  const show = (drawn) => mine === page.looked && byId("found").replaceChildren(drawn);
  show(h("p", { class: "found is-busy" }, "Looking up …"));
  try {
    const lookup = await askWithToken("v1/lookup", query);
    if (mine !== page.looked) return;
    show(foundOf(lookup));
    byId("look-up-status").textContent = inShort(lookup);
    if (seesAll()) explain(query, mine).catch(() => {}); // what was found is there all the same
  } catch (fault) {
    show(h("p", { class: "found is-fault", role: "alert" }, fault instanceof Refused ? fault.message : "The answer could not be shown."));
  }
}

/** Say what was found in a word or a name. */
function inShort({ outcome, people }) {
  if (people.length === 0) return `${OUTCOMES[outcome]?.[0] ?? outcome}.`;
  return people.length === 1 ? `${people[0].name}.` : `${people.length} people.`;
}

function foundOf(lookup) {
  const { outcome, caller, people, truncated } = lookup;
  const [word, tone] = OUTCOMES[outcome] ?? [outcome, "is-plain"];
  return h(
    "article", { class: "found", "data-outcome": outcome },
    h("header", { class: "found-top" },
      h("h3", { class: "number" }, own(caller.national ?? (caller.extension ? `Extension ${caller.extension}` : caller.raw))),
      h("span", { class: `badge ${tone}` }, outcome === "matched" && people.length > 1 ? `${people.length} people` : word)),
    h("p", { class: "aside facts" }, factsOf(lookup).map((fact) => h("span", {}, fact))),
    SAID[outcome] && h("p", {}, SAID[outcome], ` ${whyNot(caller.reason)}`),
    people.length > 0 && h("ol", { class: "people" }, people.map(personOf)),
    truncated && h("p", { class: "aside" }, "More people may have this number. Ten are shown."),
    h("div", { class: "how" }),
  );
}

function factsOf({ caller, tier, age_seconds: age }) {
  const time = localTime(caller.time_zones);
  return [
    caller.e164 && caller.e164 !== caller.national && own(caller.e164),
    caller.region && regionName(caller.region),
    time && `${time} there`,
    tier && (tier === "directory" || age < 1 ? `${TIERS[tier] ?? tier}, just now` : `${TIERS[tier] ?? tier}, asked ${lasting(age)} ago`),
  ].filter(Boolean);
}

function personOf(person) {
  const about = [person.job_title, person.organization?.name, person.site?.name].filter(Boolean);
  return h(
    "li", { class: "person" },
    h("span", { class: `avatar${person.vip ? " is-vip" : ""}`, "aria-hidden": "true" }, initialsOf(person.name)),
    h("div", { class: "person-text" },
      h("p", { class: "person-name" }, own(person.name), person.vip && h("span", { class: "badge is-vip" }, "★ VIP"), person.disabled && h("span", { class: "badge" }, "Disabled")),
      about.length > 0 && h("p", { class: "aside facts" }, about.map((text) => h("span", {}, own(text)))),
      reasonOf(person.match)),
    link(person.url, "Open", `Open the record of ${person.name}`),
  );
}

function initialsOf(name) {
  const words = name.trim().split(/\s+/);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : [words[0]];
  return letters.map((word) => [...new Intl.Segmenter().segment(word)][0]?.segment ?? "").join("").toLocaleUpperCase();
}

/** Add how it was found, for those who may know; also asking the directory now, which tells whom it returned. */
async function explain(query, mine, now = false) {
  const told = await askWithToken("v1/explain", { ...query, ask: now ? "true" : "false" });
  const place = byId("found").querySelector(".how");
  if (mine !== page.looked || !place) return;
  const isNumber = told.lookup.read_as === "number";
  const askNow = () => explain(query, mine, true).catch(() => {});
  place.replaceChildren(h(
    "details", { open: now },
    h("summary", {}, "How this was found"),
    explanationOf(told),
    isNumber && !now && h("button", { class: "button", type: "button", click: askNow }, "Ask the directory now, and show whom it returns"),
  ));
}

// ---------------------------------------------------------------------------------------------- beginning

byId("look-up-form").addEventListener("submit", (event) => {
  event.preventDefault();
  lookUp();
});

byId("sign-in-form").addEventListener("submit", (event) => {
  event.preventDefault();
  const pasted = byId("token").value.trim();
  byId("token").value = "";
  if (isHeaderText(pasted)) takeToken(pasted);
  else askForToken("That is no token: it is made of plain letters, digits and signs.");
});

globalThis.addEventListener("hashchange", () => {
  const { token } = takeAddress();
  if (token && isHeaderText(token)) takeToken(token);
});

async function begin() {
  const { token, telephone, region, source } = takeAddress();
  if (location.pathname.endsWith("/pop")) document.documentElement.dataset.page = "pop";
  byId("telephone").value = telephone ?? "";
  byId("region").value = region ?? "";
  if (telephone) page.popped = { source };
  if (token && isHeaderText(token)) takeToken(token);
  else await demonstrate();
}

/** Get a token and sample calls from a demonstration; anywhere else there are none, and the page asks for a token. */
async function demonstrate() {
  try {
    const demonstrated = await tokenOfDemonstration();
    page.isDemonstration = true;
    takeToken(demonstrated);
    await offerSamples();
  } catch {
    if (!page.isDemonstration) askForToken();
  }
}

begin();
