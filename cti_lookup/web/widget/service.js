/**
 * Asking the service, and the elements its answers are drawn with.
 *
 * Whatever the service sends is text: it reaches the page by text nodes and checked `href` only.
 */

/** What was refused or could not be asked; `message` is a sentence for people, `code` the problem's. */
export class Refused extends Error {
  constructor(status, code, message) {
    super(message);
    Object.assign(this, { status, code });
  }
}

/**
 * Ask a route of this service and give its JSON; null where it has no body.
 *
 * @param {string} route relative to the service's root, as `v1/lookup`
 * @param {{method?: string, bearer?: ?string, query?: Object<string, ?string>, body?: Object}} asked
 */
export async function ask(route, { method = "GET", bearer = null, query = {}, body = null } = {}) {
  const given = Object.entries(query).filter(([, value]) => value);
  const headers = { ...(bearer && { Authorization: `Bearer ${bearer}` }), ...(body && { "Content-Type": "application/json" }) };
  const address = given.length > 0 ? `${route}?${new URLSearchParams(given)}` : route;
  const response = await fetch(new URL(address, document.baseURI), {
    method, headers, body: body && JSON.stringify(body), cache: "no-store", credentials: "omit", referrerPolicy: "no-referrer",
  }).catch(() => {
    throw new Refused(0, "unreachable", "The service cannot be reached.");
  });
  const told = await response.json().catch(() => null);
  if (!response.ok) throw new Refused(response.status, told?.code ?? "refused", told?.detail ?? `The service answered ${response.status}.`);
  return told;
}

/** Tell whether a text can stand in a header: what cannot was mistyped, and `fetch` would throw. */
export function isHeaderText(text) {
  return /^[\x21-\x7e]+$/.test(text);
}

/** Make an element; children are texts, nodes, lists of them, or nothing. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child || child === 0));
  return element;
}

/** Make a text of somebody's whose direction of writing is its own. */
export const own = (text) => h("bdi", {}, text);

/** Make a link, or only its words where the address is none of the web. */
export function link(address, words, label = null) {
  const url = URL.canParse(address ?? "") ? new URL(address) : null;
  if (!["http:", "https:"].includes(url?.protocol)) return null;
  return h("a", { class: "button is-small", href: url.href, target: "_blank", rel: "noopener noreferrer", "aria-label": label }, words);
}

/** Write seconds as people say them. */
export function lasting(seconds) {
  if (seconds < 0.001) return `${Math.max(1, Math.round(seconds * 1e6))} µs`;
  if (seconds < 1) return `${seconds < 0.01 ? (seconds * 1000).toFixed(1) : Math.round(seconds * 1000)} ms`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} days`;
}

/** Name a region in English; its code where the browser knows no name. */
export function regionName(code) {
  try {
    return new Intl.DisplayNames("en", { type: "region" }).of(code);
  } catch {
    return code;
  }
}

/** Write the time in the first zone that the browser knows; null for none. */
export function localTime(zones) {
  for (const zone of zones ?? []) {
    try {
      return new Intl.DateTimeFormat("en", { timeZone: zone, weekday: "short", hour: "numeric", minute: "2-digit" }).format(new Date());
    } catch {
      continue;
    }
  }
  return null;
}
