/**
 * The widget in a frame, for pages that must not read what it shows.
 *
 * The page that embeds it names its origin in `?origin=`; messages are taken from that origin's parent window only, and
 * sent to that origin only. What goes out holds no name and no number: which call, its state, and the person's id and
 * record link once the agent has chosen or opened one.
 *
 * In:  {type: "cti-token", token} · {type: "cti-options", options} · {type: "cti-show", id} · {type: "cti-dismiss", id}
 *      · {type: "cti-lookup", number}
 * Out: {type: "cti-ready"} · {type: "cti-token-needed"} · {type: "cti-state", state, reason}
 *      · {type: "cti-call" | "cti-pop" | "cti-dismiss", call} · {type: "cti-left", id, reason}
 *      · {type: "cti-select", call, person, action} · {type: "cti-size", height}
 */

import "./cti-caller-lookup.js";

/** Options a page may set, and the attribute each one is. */
const OPTIONS = Object.freeze({
  lang: "lang",
  pop: "pop",
  theme: "theme",
  log: "log",
  sound: "sound",
  notifications: "notifications",
  pictures: "pictures",
  createUrl: "create-url",
  searchUrl: "search-url",
});

/** Give the origin the page named, if it is one and if the browser does not know better; null otherwise. */
function parentOrigin() {
  const named = new URLSearchParams(location.search).get("origin");
  if (window.parent === window || !named) return null;
  const origin = URL.canParse(named) ? new URL(named).origin : "null";
  const actual = location.ancestorOrigins?.[0] ?? origin;
  return origin === named && origin === actual && origin !== "null" ? origin : null;
}

/** Tell of a call without telling who is calling. */
function callInBrief({ id, state, direction, result, started_at: startedAt, lookup }) {
  return { id, state, direction, result, started_at: startedAt, outcome: lookup.outcome };
}

function personInBrief(person) {
  return person && { id: person.id, url: person.url };
}

const OUTGOING = Object.freeze({
  "cti-call": (call) => ({ call: callInBrief(call) }),
  "cti-pop": (call) => ({ call: callInBrief(call) }),
  "cti-dismiss": ({ call }) => ({ call: callInBrief(call) }),
  "cti-left": ({ id, reason }) => ({ id, reason }),
  "cti-state": ({ state, reason }) => ({ state, reason }),
  "cti-token-needed": () => ({}),
  "cti-select": ({ call, person, action }) => ({
    call: callInBrief(call),
    person: personInBrief(person),
    action,
  }),
});

function setOptions(widget, options) {
  for (const [name, attribute] of Object.entries(OPTIONS)) {
    if (!Object.hasOwn(options ?? {}, name)) continue;
    const value = options[name];
    if (value === false || value === null) widget.removeAttribute(attribute);
    else widget.setAttribute(attribute, value === true ? "" : String(value));
  }
  document.documentElement.lang = widget.lang || "en";
}

function take(widget, { type, ...told }) {
  if (type === "cti-token") widget.token = String(told.token ?? "");
  else if (type === "cti-options") setOptions(widget, told.options);
  else if (type === "cti-show") widget.show(told.id);
  else if (type === "cti-dismiss") widget.dismiss(told.id);
  else if (type === "cti-lookup") widget.lookup(String(told.number ?? "")).catch(() => {}); // its card says so
}

function embed(origin) {
  const widget = document.createElement("cti-caller-lookup");
  const tell = (message) => window.parent.postMessage(message, origin);
  for (const [type, brief] of Object.entries(OUTGOING)) {
    widget.addEventListener(type, ({ detail }) => tell({ type, ...brief(detail) }));
  }
  window.addEventListener("message", (event) => {
    if (event.origin === origin && event.source === window.parent) take(widget, event.data ?? {});
  });
  document.querySelector("main").append(widget);
  new ResizeObserver(() => tell({ type: "cti-size", height: Math.ceil(widget.offsetHeight) })).observe(
    widget,
  );
  tell({ type: "cti-ready" });
}

function refuse() {
  const line = document.createElement("p");
  line.className = "refusal";
  line.textContent = "This page belongs into a frame whose origin is named in ?origin=.";
  document.querySelector("main").append(line);
}

const origin = parentOrigin();
if (origin) embed(origin);
else refuse();
